/** `docs/openapi.yaml`, and whether an answer is what it says. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { parse } from 'yaml';

type Schema = Readonly<Record<string, unknown>>;
interface Answer {
  readonly $ref?: string;
  /** Values that the `code` of this answer can have. */
  readonly 'x-codes'?: readonly string[];
  readonly content?: { readonly 'application/json'?: { readonly schema: Schema } };
}
interface Operation {
  readonly responses: Readonly<Record<string, Answer>>;
}
export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly responses: Readonly<Record<string, Answer>>;
    readonly schemas: Readonly<Record<string, { readonly enum?: readonly string[] }>>;
  };
}

const FILE = new URL('../../../docs/openapi.yaml', import.meta.url);

export const document = parse(readFileSync(FILE, 'utf8')) as OpenApi;

const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);
ajv.addFormat('int32', true).addFormat('int64', true).addFormat('double', true).addFormat('binary', true);
ajv.addSchema(jsonSchema(document) as Schema, 'openapi');

/**
 * As JSON Schema, where null is a type. A field that is not described is an error here, though not for clients: the document is to be
 * complete.
 */
function jsonSchema(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(jsonSchema);
  if (typeof value !== 'object' || value === null) return value;
  const { nullable, ...copy } = Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, jsonSchema(each)] as const),
  ) as Record<string, unknown>;
  const isObject = copy['type'] === 'object' && copy['properties'] !== undefined;
  const schema = isObject ? { additionalProperties: false, ...copy } : copy;
  return nullable === true ? { anyOf: [schema, { type: 'null' }] } : schema;
}

/** What is wrong with an answer by the document; empty when nothing is. */
export function complaints(path: string, method: string, status: number, body: unknown): string[] {
  const place = `${method} ${path} ${String(status)}`;
  const response = document.paths[path]?.[method]?.responses[String(status)];
  if (response === undefined) return [`${place} is not described`];
  const { 'x-codes': codes, content } = resolved(response);
  const schema = content?.['application/json']?.schema;
  if (schema === undefined) return [`${place} has no schema`];
  const validate = ajv.compile(pointing(jsonSchema(schema)) as Schema);
  const wrong = validate(body) ? [] : (validate.errors ?? []);
  return [
    ...wrong.map(({ instancePath, message, params }) => `${instancePath} ${message ?? ''} ${JSON.stringify(params)}`),
    ...(codes === undefined || codes.includes(codeIn(body)) ? [] : [`${place} has no code ${codeIn(body)}`]),
  ];
}

/** A schema outside of the document, which refers to it. */
function pointing(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pointing);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]: [string, unknown]) => [
      key,
      key === '$ref' ? `openapi${String(each)}` : pointing(each),
    ]),
  );
}

function codeIn(body: unknown): string {
  const { error } = body as { error?: { code?: string; details?: { code?: string } } };
  return error?.details?.code ?? error?.code ?? '';
}

function resolved(response: Answer): Answer {
  const name = response.$ref?.replace('#/components/responses/', '');
  return name === undefined ? response : (document.components.responses[name] ?? {});
}

/** Every `METHOD path status code` of the document; the code is missing where it is no error. */
export function describedAnswers(): string[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    operationsOf(operations).flatMap(([method, { responses }]) =>
      Object.entries(responses).flatMap(([status, response]) => {
        const answers = resolved(response)['x-codes']?.map((code) => ` ${code}`) ?? [''];
        return answers.map((code) => `${method.toUpperCase()} ${path} ${status}${code}`);
      }),
    ),
  );
}

/** A path has other things beside its methods. */
function operationsOf(item: Readonly<Record<string, Operation>>): [string, Operation][] {
  return Object.entries(item).filter(([key]) => key === 'get' || key === 'post');
}
