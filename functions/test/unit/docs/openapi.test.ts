import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Validator } from '@seriousme/openapi-schema-validator';
import { EDIT_LIMITS, IMPORT_LIMITS, LIMITS, SHARE_LIMITS } from 'offline-audio-sync-contract';
import ts from 'typescript';
import { parse } from 'yaml';
import * as z from 'zod';
import { DEFAULT_LIMIT, MAX_TOKEN_LENGTH } from '../../../src/endpoints/syncJobs.ts';
import { CATALOGUE } from '../../../src/errors.ts';
import { REQUEST } from '../../../src/upload/request.ts';
import { describedAnswers, document } from '../../support/openapi.ts';

const WIRE = fileURLToPath(new URL('../../../../contract/src/wire.ts', import.meta.url));
const WIRE_KEEP = fileURLToPath(new URL('../../../../contract/src/wireKeep.ts', import.meta.url));
const JOB = fileURLToPath(new URL('../../../../contract/src/job.ts', import.meta.url));

/** The type of the contract that each schema describes. */
const TYPES: Readonly<Record<string, string>> = {
  JobStatus: 'JobStatus',
  FileState: 'FileState',
  AcceptedUpload: 'UploadView',
  Manifest: 'CreateJobRequest',
  CreatedJob: 'CreatedJobView',
  AcknowledgedJobs: 'AcknowledgedView',
  JobId: 'JobRequest',
  JobIds: 'AcknowledgeRequest',
  ConversationId: 'DeleteConversationRequest',
  DeletedConversation: 'DeletedConversationView',
  EditRequest: 'EditRequest',
  EditChange: 'EditChangeView',
  EditId: 'UndoEditRequest',
  Edit: 'EditView',
  ShareRequest: 'ShareRequest',
  Share: 'ShareView',
  ShareId: 'WithdrawShareRequest',
  WithdrawnShare: 'WithdrawnShareView',
  SharedConversation: 'SharedConversationView',
  Import: 'ImportRequest',
  ExportedConversation: 'ExportedConversation',
  ExportedSegment: 'ExportedSegment',
  Imported: 'ImportedView',
  DeleteEverything: 'DeleteEverythingRequest',
  DeletedEverything: 'DeletedEverythingView',
  RedateRecordings: 'RedateRequest',
  RedatedRecordings: 'RedatedView',
  JobSummary: 'JobSummaryView',
  Job: 'JobView',
  File: 'FileView',
  Ledger: 'LedgerView',
  Failure: 'FailureView',
  WaitingFor: 'WaitingForView',
  Problem: 'ProblemBody',
  FileProblem: 'FileProblem',
  DeviceId: 'string',
  ConversationTarget: 'string',
  ClockOffset: 'number',
  TimeZone: 'string',
};

/** Schemas that describe a part of a type: some of its codes, or what Firebase's SDKs put around it. */
const PARTIAL = ['FailureCode', 'FileProblemCode', 'CallableError'];

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
}
const schemas = document.components.schemas as Readonly<Record<string, Schema>>;

const program = ts.createProgram([WIRE, WIRE_KEEP, JOB], {
  strict: true,
  noEmit: true,
  target: ts.ScriptTarget.ESNext,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  allowImportingTsExtensions: true,
  types: [],
});
const checker = program.getTypeChecker();

/** A type that the contract's wire or job modules export. */
function typeNamed(name: string): ts.Type {
  if (name === 'string') return checker.getStringType();
  if (name === 'number') return checker.getNumberType();
  for (const file of [WIRE, WIRE_KEEP, JOB]) {
    const source = program.getSourceFile(file);
    const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
    const symbol = module && checker.getExportsOfModule(module).find((each) => each.name === name);
    if (symbol !== undefined) return checker.getDeclaredTypeOfSymbol(symbol);
  }
  return assert.fail(`The contract exports no type ${name}.`);
}

/** Where a schema and a type differ; empty where they do not. */
function differences(schema: Schema, type: ts.Type, at: string): string[] {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace('#/components/schemas/', '');
    return differences(schemas[name] ?? assert.fail(`${at}: no schema ${name}`), type, at);
  }
  const parts = type.isUnion() ? type.types : [type];
  const isNullable = parts.some(({ flags }) => (flags & ts.TypeFlags.Null) !== 0);
  const values = parts.filter(({ flags }) => (flags & (ts.TypeFlags.Null | ts.TypeFlags.Undefined)) === 0);
  const kinds = schema.oneOf?.filter(({ properties }) => properties?.['kind'] !== undefined) ?? [];
  if (kinds.length > 0) return differencesOfUnion(kinds, values, at);
  const { allowsNull, rest } = withoutNull(schema);
  const nulls = allowsNull === isNullable ? [] : [`${at} is nullable in one of them`];
  if (rest.$ref !== undefined) return [...nulls, ...differencesOfValue(resolved(rest), values, at)];
  return [...nulls, ...differencesOfValue(rest, values, at)];
}

/** Members of a union that their `kind` tells apart. */
function differencesOfUnion(kinds: readonly Schema[], members: readonly ts.Type[], at: string): string[] {
  const byKind = new Map(kinds.map((schema) => [schema.properties?.['kind']?.enum?.[0], schema]));
  const named = members.map((member) => {
    const kind = checker.getPropertiesOfType(member).find(({ name }) => name === 'kind');
    const type = kind && checker.getTypeOfSymbol(kind);
    return { kind: type?.isStringLiteral() === true ? type.value : '', member };
  });
  const unknown = [...byKind.keys()].filter((kind) => !named.some((each) => each.kind === kind));
  return [
    ...unknown.map((kind) => `${at} is never ${String(kind)}`),
    ...named.flatMap(({ kind, member }) => {
      const schema = byKind.get(kind);
      return schema === undefined ? [`${at} can be ${kind}`] : differencesOfObject(schema, member, `${at}:${kind}`);
    }),
  ];
}

function resolved(schema: Schema): Schema {
  const name = schema.$ref?.replace('#/components/schemas/', '');
  return name === undefined ? schema : (schemas[name] ?? assert.fail(`no schema ${name}`));
}

function withoutNull(schema: Schema): { allowsNull: boolean; rest: Schema } {
  if (schema.oneOf !== undefined) {
    const rest = schema.oneOf.filter(({ type }) => type !== 'null');
    return { allowsNull: rest.length < schema.oneOf.length, rest: rest[0] ?? {} };
  }
  if (typeof schema.type !== 'object') return { allowsNull: false, rest: schema };
  const [type] = schema.type.filter((each) => each !== 'null');
  return { allowsNull: schema.type.includes('null'), rest: { ...schema, ...(type === undefined ? {} : { type }) } };
}

function differencesOfValue(schema: Schema, values: readonly ts.Type[], at: string): string[] {
  const literals = values.flatMap((value) => (value.isStringLiteral() ? [value.value] : []));
  if (literals.length > 0 && literals.length === values.length) return differencesOfEnum(schema, literals, at);
  const [value] = values;
  if (value === undefined) return [`${at} has no type`];
  if (schema.type === 'object') return differencesOfObject(schema, value, at);
  if (schema.type === 'array') {
    const element = checker.getIndexTypeOfType(value, ts.IndexKind.Number);
    if (element === undefined || schema.items === undefined) return [`${at} is a list in one of them`];
    return differences(schema.items, element, `${at}[]`);
  }
  const expected = {
    string: ts.TypeFlags.StringLike,
    number: ts.TypeFlags.NumberLike,
    integer: ts.TypeFlags.NumberLike,
  };
  if (schema.type === 'boolean') {
    return values.every(({ flags }) => (flags & ts.TypeFlags.BooleanLike) !== 0) ? [] : [`${at} is no boolean`];
  }
  const flag = expected[schema.type as keyof typeof expected];
  return (value.flags & flag) !== 0 ? [] : [`${at} is ${checker.typeToString(value)}, not ${String(schema.type)}`];
}

/** Codes of errors: the document lists those that can occur in a place, or says that there are some. */
function differencesOfEnum(schema: Schema, literals: readonly string[], at: string): string[] {
  const isCode = literals.includes('unauthenticated');
  if (schema.enum === undefined) return isCode && schema.type === 'string' ? [] : [`${at} has values of its own`];
  const listed = schema.enum.map(String);
  const unknown = listed.filter((each) => !literals.includes(each)).map((each) => `${at} has no value ${each}`);
  if (isCode) return unknown;
  return [...unknown, ...literals.filter((each) => !listed.includes(each)).map((each) => `${at} can be ${each}`)];
}

function differencesOfObject({ properties = {}, required = [] }: Schema, type: ts.Type, at: string): string[] {
  const fields = checker.getPropertiesOfType(type);
  const names = fields.map(({ name }) => name);
  const missing = names.filter((name) => !(name in properties)).map((name) => `${at}.${name} is not described`);
  const unknown = Object.keys(properties).filter((name) => !names.includes(name));
  return [
    ...missing,
    ...unknown.map((name) => `${at}.${name} is not in the contract`),
    ...fields.flatMap((field) => {
      const schema = properties[field.name];
      if (schema === undefined) return [];
      const isOptional = (field.flags & ts.SymbolFlags.Optional) !== 0;
      const wrong =
        required.includes(field.name) === isOptional ? [`${at}.${field.name} is required in one of them`] : [];
      return [...wrong, ...differences(schema, checker.getTypeOfSymbol(field), `${at}.${field.name}`)];
    }),
  ];
}

const BOUNDS = ['minimum', 'maximum', 'minItems', 'maxItems', 'minLength', 'maxLength', 'pattern', 'default'] as const;

/** Every bound of the document, by where it stands. Those of answers (amounts are not negative) are no limits. */
function boundsOf(value: unknown, at = ''): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]: [string, unknown]): [string, unknown][] => {
    const place = `${at}/${key}`;
    return typeof each === 'object' ? boundsOf(each, place) : isBound(key) ? [[place, each]] : [];
  });
}

function isBound(key: string): boolean {
  return (BOUNDS as readonly string[]).includes(key);
}

/** What the functions check, as JSON Schema says it. */
function checked(schema: z.ZodType): Record<string, unknown> {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>;
}

describe('docs/openapi.yaml', () => {
  it('is a document of OpenAPI 3.1', async () => {
    const text = await readFile(new URL('../../../../docs/openapi.yaml', import.meta.url), 'utf8');
    const validator = new Validator();
    const { valid, errors } = await validator.validate(parse(text) as Record<string, unknown>);
    assert.ok(valid, JSON.stringify(errors));
    assert.equal(validator.version, '3.1');
  });

  it('names every code of the catalogue', () => {
    const named = new Set([
      ...describedAnswers().flatMap((answer) => answer.split(' ')[3] ?? []),
      ...['FailureCode', 'FileProblemCode'].flatMap((name) => document.components.schemas[name]?.enum ?? []),
      ...waitingReasons(),
    ]);
    assert.deepEqual(
      Object.keys(CATALOGUE).filter((code) => !named.has(code)),
      [],
    );
    const unknown = [...named].filter(
      (code) => !(code in CATALOGUE) && code !== 'queue' && code !== 'uploads' && code !== 'earlier_jobs',
    );
    assert.deepEqual(unknown, []);
  });
});

describe('docs/openapi.yaml and the contract', () => {
  it('have a type for every schema', () => {
    assert.deepEqual([...Object.keys(TYPES), ...PARTIAL].sort(), Object.keys(schemas).sort());
  });

  for (const [name, type] of Object.entries(TYPES)) {
    it(`agree on ${name}`, () => {
      assert.deepEqual(differences(schemas[name] ?? {}, typeNamed(type), name), []);
    });
  }

  it('have no code that is not in the catalogue', () => {
    for (const name of ['FailureCode', 'FileProblemCode']) {
      for (const code of schemas[name]?.enum ?? []) assert.ok(String(code) in CATALOGUE, String(code));
    }
  });

  it('agree on every limit', () => {
    const requests = boundsOf(document).filter(([place]) => !/Ledger|RetryAfter|percent|variables/.test(place));
    const key = checked(REQUEST.idempotencyKey)['pattern'];
    assert.deepEqual(Object.fromEntries(requests.map(([place, bound]) => [shortened(place), bound])), {
      'upload header Idempotency-Key pattern': key,
      'upload files minItems': 1,
      'upload files maxItems': LIMITS.maxFilesPerRequest,
      'jobs limit minimum': 1,
      'jobs limit maximum': LIMITS.maxJobsPerPage,
      'jobs limit default': DEFAULT_LIMIT,
      'jobs page_token maxLength': MAX_TOKEN_LENGTH,
      'DeviceId pattern': checked(REQUEST.deviceId)['pattern'],
      'ConversationTarget pattern': checked(REQUEST.conversationId)['pattern'],
      'TimeZone minLength': 1,
      'TimeZone maxLength': checked(REQUEST.timeZone)['maxLength'],
      'Manifest files minItems': 1,
      'Manifest files maxItems': LIMITS.maxFilesPerJob,
      'Manifest files items size_bytes minimum': 1,
      'Manifest files items size_bytes maximum': LIMITS.maxRecordingBytes,
      'Manifest idempotency_key pattern': key,
      'EditRequest edit_id pattern': '^[A-Za-z0-9_-]{16,64}$',
      'EditChange oneOf 0 title minLength': 1,
      'EditChange oneOf 0 title maxLength': EDIT_LIMITS.maxTitleLength,
      'EditChange oneOf 2 tag minLength': 1,
      'EditChange oneOf 2 tag maxLength': EDIT_LIMITS.maxTagLength,
      'EditChange oneOf 3 text minLength': 1,
      'EditChange oneOf 3 text maxLength': EDIT_LIMITS.maxTextLength,
      'EditChange oneOf 4 name minLength': 1,
      'EditChange oneOf 4 name maxLength': EDIT_LIMITS.maxNameLength,
      'ShareRequest hours minimum': 1,
      'ShareRequest hours maximum': SHARE_LIMITS.maxHours,
      'Import conversations minItems': 1,
      'Import conversations maxItems': IMPORT_LIMITS.maxConversations,
      'ExportedConversation segments minItems': 1,
      'ExportedConversation segments maxItems': IMPORT_LIMITS.maxSegments,
      'ExportedSegment text minLength': 1,
      'ExportedSegment text maxLength': IMPORT_LIMITS.maxTextLength,
      'RedateRecordings names minItems': 1,
      'RedateRecordings names maxItems': LIMITS.maxFilesPerJob,
      'RedateRecordings names items minLength': 1,
      'RedateRecordings names items maxLength': LIMITS.maxNameBytes,
      'RedateRecordings idempotency_key pattern': key,
      'JobIds job_ids minItems': 1,
      'JobIds job_ids maxItems': LIMITS.maxAcknowledgedJobs,
    });
  });
});

/** `/components/schemas/Manifest/properties/files/maxItems` → `Manifest files maxItems`. */
function shortened(place: string): string {
  const parameter = /^\/paths\/\/v2\/sync\/(\w+)\/\w+\/parameters\/(\d+)\/schema\/(\w+)$/.exec(place);
  if (parameter !== null) {
    const [, path = '', index = '', bound = ''] = parameter;
    const { name = '', in: kind = '' } = parametersOf(path)[Number(index)] ?? {};
    return [path, ...(kind === 'header' ? [kind] : []), name, bound].join(' ');
  }
  return place
    .replace(/^\/components\/schemas\//, '')
    .replace(/^\/paths\/\/v2\/sync\/(\w+)\/.*\/schema\//, '$1/')
    .split('/')
    .filter((part) => part !== 'properties')
    .join(' ');
}

function parametersOf(path: string): readonly { readonly name?: string; readonly in?: string }[] {
  const item = document.paths[`/v2/sync/${path}`] as unknown as Record<
    string,
    { parameters?: { name?: string; in?: string }[] }
  >;
  return (item['post'] ?? item['get'])?.parameters ?? [];
}

function waitingReasons(): readonly string[] {
  const waiting = document.components.schemas['WaitingFor'] as unknown as {
    properties: { reason: { enum: string[] } };
  };
  return waiting.properties.reason.enum;
}
