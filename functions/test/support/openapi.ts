/** `docs/openapi.yaml`, and whether an answer is what it says. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { parse } from 'yaml';

type Schema = Readonly<Record<string, unknown>>;
interface Operation {
  readonly responses: Readonly<Record<string, { readonly headers?: object; readonly content?: Schema }>>;
}
export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, { readonly enum?: readonly string[] }>> };
}

const FILE = new URL('../../../docs/openapi.yaml', import.meta.url);

export const document = parse(readFileSync(FILE, 'utf8')) as OpenApi;

const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);
ajv.addSchema(closed(document) as Schema, 'openapi');

/** A field that is not described is an error here, though not for clients: the document is to be complete. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, closed(each)]));
  const isObject = copy['type'] === 'object' && copy['properties'] !== undefined;
  return isObject ? { additionalProperties: false, ...copy } : copy;
}

/** What is wrong with an answer by the document; empty when nothing is. */
export function complaints(path: string, method: string, status: number, body: unknown): string[] {
  const response = document.paths[path]?.[method]?.responses[String(status)];
  if (response === undefined) return [`${method} ${path} is not said to answer ${String(status)}`];
  const pointer = ['paths', path, method, 'responses', String(status), 'content', 'application/json', 'schema'];
  const validate = ajv.getSchema(`openapi#/${pointer.map((part) => part.replaceAll('/', '~1')).join('/')}`);
  if (validate === undefined) return [`${method} ${path} ${String(status)} has no schema`];
  if (validate(body) === true) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message ?? ''} ${JSON.stringify(params)}`,
  );
}

/** Every `METHOD path status code` of the document; the code is missing where it is no error. */
export function describedAnswers(): string[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    operationsOf(operations).flatMap(([method, { responses }]) =>
      Object.entries(responses).flatMap(([status, { content }]) => {
        const codes = enumOf(content, 'code');
        const answers = codes.length === 0 ? [''] : codes.map((code) => ` ${code}`);
        return answers.map((code) => `${method.toUpperCase()} ${path} ${status}${code}`);
      }),
    ),
  );
}

/** A path has other things beside its methods. */
function operationsOf(item: Readonly<Record<string, Operation>>): [string, Operation][] {
  return Object.entries(item).filter(([key]) => key === 'get' || key === 'post');
}

/** Values of the first field of this name that has a list of them. */
function enumOf(value: unknown, field: string): string[] {
  if (typeof value !== 'object' || value === null) return [];
  for (const [key, each] of Object.entries(value)) {
    const own = key === field && isEnum(each) ? [...each.enum] : enumOf(each, field);
    if (own.length > 0) return own;
  }
  return [];
}

function isEnum(value: unknown): value is { readonly enum: readonly string[] } {
  return typeof value === 'object' && value !== null && 'enum' in value;
}
