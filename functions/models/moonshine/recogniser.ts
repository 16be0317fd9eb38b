/** Puts Moonshine together anew: one graph from audio to tokens. */
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
 * Inputs: `audio` float32 [1, samples at 16 kHz], `max_tokens` int64. Outputs, one row a token: `tokens` int64, positions in the
 * vocabulary; `log_probabilities` float32; `attention` float32 [tokens, time], where the alignment heads look.
 * @throws Error for files of another model, or of another export of it.
 */
export function buildRecogniser(published: PublishedModel, options: RecogniserOptions): Uint8Array {
  const encoder = new Weights(readModel(published.encoder));
  const decoder = decoderWeights(readModel(published.decoder));
  const graph = new GraphBuilder();
  const cross = addEncoder(graph, 'audio', encoder, decoder, options.architecture);
  addDecoder(graph, 'max_tokens', cross, decoder, options);
  const { float, int64 } = DATA_TYPE;
  return writeModel(
    {
      name: 'moonshine',
      node: graph.nodes,
      initializer: graph.constants,
      input: [
        describe({ name: 'audio', dataType: float, shape: [1, 'samples'] }),
        describe({ name: 'max_tokens', dataType: int64, shape: [] }),
      ],
      output: [
        describe({ name: 'tokens', dataType: int64, shape: ['tokens'] }),
        describe({ name: 'log_probabilities', dataType: float, shape: ['tokens'] }),
        describe({ name: 'attention', dataType: float, shape: ['tokens', 'time'] }),
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
