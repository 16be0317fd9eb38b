/** Checks the query of `POST /v1/listen` against Deepgram's documentation. Stricter than the service, which ignores unknown parameters. */

export interface ListenOptions {
  readonly model: string;
  readonly language: string;
  readonly detectLanguage: boolean;
  /** Words carry `punctuated_word`. */
  readonly punctuate: boolean;
  readonly diarize: boolean;
  readonly utterances: boolean;
  /** Pause that ends an utterance, seconds. */
  readonly utteranceSplit: number;
  readonly multichannel: boolean;
  readonly tags: readonly string[];
}

/** Answered with 400 `INVALID_QUERY_PARAMETER`. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
}

const FLAGS = new Set([
  'detect_entities',
  'detect_language',
  'diarize',
  'dictation',
  'filler_words',
  'measurements',
  'mip_opt_out',
  'multichannel',
  'numerals',
  'paragraphs',
  'profanity_filter',
  'punctuate',
  'smart_format',
  'utterances',
]);
const VALUES = new Set(['diarize_model', 'language', 'model', 'utt_split', 'version']);
const LISTS = new Set(['extra', 'keyterm', 'keywords', 'language_hint', 'redact', 'replace', 'search', 'tag']);

const MODELS = /^(nova-3(-general|-medical)?|nova-2(-[a-z]+)?|nova(-[a-z]+)?|enhanced(-[a-z]+)?|base(-[a-z]+)?)$/;
const LANGUAGE = /^([a-z]{2,3}(-[A-Za-z0-9]{2,4})*|multi)$/;
/** Tokens of all keyterms together; a token is at most a word's length, so words never overestimate. */
const MAX_KEYTERM_TOKENS = 500;

/** @throws QueryError */
export function parseListenQuery(query: URLSearchParams): ListenOptions {
  for (const [name, value] of query) checkParameter(query, name, value);
  const model = query.get('model');
  if (model === null) throw new QueryError('Without `model` the oldest one would answer. Please name one.');
  if (!MODELS.test(model)) throw new QueryError(`No such model: ${model}.`);
  checkVocabulary(query, model);
  const language = query.get('language') ?? 'en';
  if (!LANGUAGE.test(language)) throw new QueryError(`No such language: ${language}.`);
  const utteranceSplit = Number(query.get('utt_split') ?? 0.8);
  if (!(utteranceSplit > 0)) throw new QueryError('`utt_split` must be a positive number of seconds.');
  const diarizer = query.get('diarize_model');
  if (diarizer !== null && !/^(latest|v1|v2)$/.test(diarizer)) throw new QueryError(`No such diarizer: ${diarizer}.`);
  const on = (name: string): boolean => query.get(name) === 'true';
  return {
    model,
    language,
    detectLanguage: on('detect_language'),
    punctuate: on('punctuate') || on('smart_format'),
    diarize: on('diarize') || diarizer !== null,
    utterances: on('utterances'),
    utteranceSplit,
    multichannel: on('multichannel'),
    tags: query.getAll('tag'),
  };
}

function checkParameter(query: URLSearchParams, name: string, value: string): void {
  if (LISTS.has(name)) return;
  if (!FLAGS.has(name) && !VALUES.has(name))
    throw new QueryError(`No such parameter, or none that is simulated: ${name}.`);
  if (query.getAll(name).length > 1) throw new QueryError(`\`${name}\` may be given once.`);
  if (FLAGS.has(name) && value !== 'true' && value !== 'false')
    throw new QueryError(`\`${name}\` must be true or false.`);
}

function checkVocabulary(query: URLSearchParams, model: string): void {
  const nova3 = model.startsWith('nova-3');
  if (nova3 && query.has('keywords')) {
    throw new QueryError('Keywords are not supported for Nova-3. Please use `keyterm` instead.');
  }
  if (!nova3 && query.has('keyterm')) throw new QueryError('Keyterms are only supported with the Nova-3 models.');
  const tokens = query.getAll('keyterm').flatMap((term) => term.split(/\s+/)).length;
  if (tokens > MAX_KEYTERM_TOKENS)
    throw new QueryError(`Keyterm limit exceeded: at most ${MAX_KEYTERM_TOKENS} tokens.`);
}
