/** Puts the parts of Moonshine together to one graph from audio to tokens. */
import type { Architecture } from './attention.ts';
import { addDecoder } from './decoder.ts';
import type { DecoderOptions } from './decoder.ts';
import { addEncoder } from './encoder.ts';
import { GraphBuilder, MICROSOFT } from './graphBuilder.ts';
import { DATA_TYPE, describe, readModel, writeModel } from './onnx.ts';
import type { Graph } from './onnx.ts';
import { Weights } from './weights.ts';

export type RecogniserOptions = DecoderOptions & { readonly architecture: Architecture };

/** The files that Moonshine's makers publish. */
export interface PublishedModel {
  readonly encoder: Uint8Array;
  /** Two graphs in one, for the first token and for all others. */
  readonly decoder: Uint8Array;
}

/**
 * The published graphs as one, with the same weights.
 *
 * Inputs: `audio` float32 [clips, samples at 16 kHz], short clips filled up with anything; `lengths` int64 [clips], samples of each;
 * `max_tokens` int64 [clips]. Outputs as {@link addDecoder} says, tokens as positions in the vocabulary; and `frames`
 * int64 [clips], how many columns of the attention are of the clip.
 * @throws Error for files of another model, or of another export of it.
 */
export function buildRecogniser(published: PublishedModel, options: RecogniserOptions): Uint8Array {
  const encoder = new Weights(readModel(published.encoder));
  const decoder = decoderWeights(readModel(published.decoder));
  const graph = new GraphBuilder();
  const encoded = addEncoder(graph, 'audio', 'lengths', encoder, decoder, options.architecture);
  addDecoder(graph, 'max_tokens', encoded, decoder, options);
  const { float, int64 } = DATA_TYPE;
  return writeModel(
    {
      name: 'moonshine',
      node: graph.nodes,
      initializer: graph.constants,
      input: [
        describe({ name: 'audio', dataType: float, shape: ['clips', 'samples'] }),
        describe({ name: 'lengths', dataType: int64, shape: ['clips'] }),
        describe({ name: 'max_tokens', dataType: int64, shape: ['clips'] }),
      ],
      output: [
        describe({ name: 'tokens', dataType: int64, shape: ['tokens', 'clips', 1] }),
        describe({ name: 'log_probabilities', dataType: float, shape: ['tokens', 'clips', 1] }),
        describe({ name: 'attention', dataType: float, shape: ['clips', 'tokens', 'time'] }),
        describe({ name: 'frames', dataType: int64, shape: ['clips'] }),
      ],
    },
    { '': 17, [MICROSOFT]: 1 },
  );
}

/** The branch for the first token has all layers: only it makes keys and values of what was heard. */
function decoderWeights(graph: Graph): Weights {
  const branch = graph.node[0]?.attribute.find(({ name }) => name === 'else_branch')?.g;
  if (branch === undefined) throw new Error('The published decoder has no branch for the first token.');
  return new Weights(graph, branch.node);
}
