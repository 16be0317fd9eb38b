import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { Validator } from '@seriousme/openapi-schema-validator';
import { EDIT_LIMITS, IMPORT_LIMITS, LIMITS, SHARE_LIMITS } from 'offline-audio-sync-contract';
import { parse } from 'yaml';
import * as z from 'zod';
import { DEFAULT_LIMIT, MAX_TOKEN_LENGTH } from '../../../src/endpoints/syncJobs.ts';
import { CATALOGUE } from '../../../src/errors.ts';
import { REQUEST } from '../../../src/upload/request.ts';
import { describedAnswers, document } from '../../support/openapi.ts';
import { differences, schemas, typeNamed } from '../../support/schemaTypes.ts';
import type { Schema } from '../../support/schemaTypes.ts';

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
  EditKind: 'EditKind',
  EditId: 'UndoEditRequest',
  Edit: 'EditView',
  ShareRequest: 'ShareRequest',
  Share: 'ShareView',
  ShareId: 'WithdrawShareRequest',
  WithdrawnShare: 'WithdrawnShareView',
  SharedConversation: 'SharedConversationView',
  SharedAudio: 'SharedAudioView',
  ImportRequest: 'ImportRequest',
  ExportedConversation: 'ExportedConversation',
  ExportedAudio: 'ExportedAudio',
  ExportedSpan: 'ExportedSpan',
  ExportedEdit: 'ExportedEdit',
  ExportedChange: 'ExportedChange',
  ExportedSegment: 'ExportedSegment',
  Imported: 'ImportedView',
  DeleteEverything: 'DeleteEverythingRequest',
  DeletedEverything: 'DeletedEverythingView',
  RedateRecordings: 'RedateRequest',
  RedatedRecordings: 'RedatedView',
  JobSummary: 'JobSummaryView',
  Job: 'JobView',
  JobFile: 'FileView',
  Ledger: 'LedgerView',
  Failure: 'FailureView',
  WaitingFor: 'WaitingForView',
  JobPage: 'JobListView',
  Stage: 'Stage',
  Conversation: 'ConversationDoc',
  ConversationState: 'ConversationState',
  Relevance: 'Relevance',
  SegmentPage: 'SegmentPageDoc',
  Segment: 'PageSegment',
  SegmentWord: 'SegmentWord',
  Device: 'DeviceDoc',
  DevicePlatform: 'Platform',
  PushData: 'PushData',
  FinishedStatus: 'FinishedStatus',
  SpeakerScope: 'SpeakerScope',
  ManifestFile: 'ManifestFileView',
  Problem: 'ProblemBody',
  FileProblem: 'FileProblem',
  DeviceId: 'string',
  ConversationTarget: 'string',
  ClockOffset: 'number',
  TimeZone: 'string',
};

/** Schemas that describe a part of a type: some of its codes, or what Firebase's SDKs put around it. */
const PARTIAL = ['FailureCode', 'FileProblemCode', 'CallableError'];

/** Parts of the types above, which are compared where they are used. They have names so that generators make classes of them. */
const NESTED =
  'CreatedFile RedatedRecording SharedSegment SharedSpan AudioType ImportedConversation FileRef WaitingReason ProblemError CallableErrorBody CallableErrorDetails CallableStatus PushType WhatToDelete'.split(
    ' ',
  );

const BOUNDS = ['minimum', 'maximum', 'minItems', 'maxItems', 'minLength', 'maxLength', 'pattern', 'default'] as const;

/** Every bound in the document, by its place, except those of answers, which only say that amounts are not negative. */
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

/** The limits that the functions check, in the terms of JSON Schema. */
function checked(schema: z.ZodType): Record<string, unknown> {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>;
}

describe('docs/openapi.yaml', () => {
  it('is a document of OpenAPI 3.0', async () => {
    const text = await readFile(new URL('../../../../docs/openapi.yaml', import.meta.url), 'utf8');
    const validator = new Validator();
    const { valid, errors } = await validator.validate(parse(text) as Record<string, unknown>);
    assert.ok(valid, JSON.stringify(errors));
    assert.equal(validator.version, '3.0');
  });

  it('names every code of the catalogue', () => {
    const named = new Set([
      ...describedAnswers().flatMap((answer) => answer.split(' ')[3] ?? []),
      ...['FailureCode', 'FileProblemCode', 'WaitingReason'].flatMap(
        (name) => document.components.schemas[name]?.enum ?? [],
      ),
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

/** Schemas from which generators for Dart, Swift and Kotlin make poor types or none, by their place. */
function unsuitable(schema: Schema, at: string): string[] {
  const { $ref, type, format, enum: values, allOf, items, properties = {}, nullable } = schema;
  if ($ref !== undefined) return Object.keys(schema).length === 1 ? [] : [`${at}: what stands beside $ref is ignored`];
  if (allOf !== undefined) return allOf.length === 1 && nullable === true ? [] : [`${at}: allOf is for null alone`];
  const isNumber = type === 'integer' || type === 'number';
  return [
    ...(typeof type === 'string' ? [] : [`${at} has no type`]),
    ...(isNumber && format === undefined
      ? [`${at}: a number without a format is an Int or a BigDecimal in Kotlin`]
      : []),
    ...(values !== undefined && values.length > 1 && at.includes('.') ? [`${at}: an enum without a name`] : []),
    ...(type === 'object' && at.includes('.') && Object.keys(properties).length > 0
      ? [`${at}: an object without a name`]
      : []),
    ...Object.entries(properties).flatMap(([name, each]) => unsuitable(each, `${at}.${name}`)),
    ...(items === undefined || Object.keys(items).length === 0 ? [] : unsuitable(items, `${at}[]`)),
  ];
}

describe('docs/openapi.yaml, for code generators,', () => {
  it('has types, formats and names for everything', () => {
    assert.deepEqual(
      Object.entries(schemas).flatMap(([name, schema]) => unsuitable(schema, name)),
      [],
    );
  });

  it('has 64 bits for numbers that do not fit into 32', () => {
    const wide = Object.entries(schemas).flatMap(([name, { properties = {}, format }]) => [
      ...Object.entries(properties).map(([field, each]) => [`${name}.${field}`, each.format ?? each.items?.format]),
      [name, format],
    ]);
    assert.deepEqual(
      wide.filter(([, format]) => format === 'int64').map(([place]) => place),
      [
        'ClockOffset',
        'Manifest.clock_offset_ms',
        'ManifestFile.size_bytes',
        'RedateRecordings.offset_ms',
        'EditChange.voice',
        'ExportedEdit.voice',
        'ExportedSegment.speaker',
        'ExportedSegment.voice',
        'JobFile.size_bytes',
        'SegmentPage.speakers',
        'Segment.speaker',
      ],
    );
  });
});

describe('docs/openapi.yaml and the contract', () => {
  it('have a type for every schema', () => {
    assert.deepEqual([...Object.keys(TYPES), ...PARTIAL, ...NESTED].sort(), Object.keys(schemas).sort());
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
      'ManifestFile size_bytes minimum': 1,
      'ManifestFile size_bytes maximum': LIMITS.maxRecordingBytes,
      'Manifest device_id pattern': checked(REQUEST.deviceId)['pattern'],
      'Manifest conversation_id pattern': checked(REQUEST.conversationId)['pattern'],
      'Manifest time_zone minLength': 1,
      'Manifest time_zone maxLength': checked(REQUEST.timeZone)['maxLength'],
      'Manifest idempotency_key pattern': key,
      'EditRequest edit_id pattern': '^[A-Za-z0-9_-]{16,64}$',
      'EditChange title minLength': 1,
      'EditChange title maxLength': EDIT_LIMITS.maxTitleLength,
      'EditChange tag minLength': 1,
      'EditChange tag maxLength': EDIT_LIMITS.maxTagLength,
      'EditChange text minLength': 1,
      'EditChange text maxLength': EDIT_LIMITS.maxTextLength,
      'EditChange name minLength': 1,
      'EditChange name maxLength': EDIT_LIMITS.maxNameLength,
      'EditChange voice minimum': 0,
      'ShareRequest hours minimum': 1,
      'ShareRequest hours maximum': SHARE_LIMITS.maxHours,
      'ImportRequest conversations minItems': 1,
      'ImportRequest conversations maxItems': IMPORT_LIMITS.maxConversations,
      'ExportedConversation segments minItems': 1,
      'ExportedConversation segments maxItems': IMPORT_LIMITS.maxSegments,
      'ExportedConversation edits maxItems': IMPORT_LIMITS.maxEdits,
      'ExportedChange title minLength': 1,
      'ExportedChange title maxLength': EDIT_LIMITS.maxTitleLength,
      'ExportedChange tag minLength': 1,
      'ExportedChange tag maxLength': EDIT_LIMITS.maxTagLength,
      'ExportedChange text minLength': 1,
      'ExportedChange text maxLength': EDIT_LIMITS.maxTextLength,
      'ExportedChange name minLength': 1,
      'ExportedChange name maxLength': EDIT_LIMITS.maxNameLength,
      'ExportedSegment text minLength': 1,
      'ExportedSegment text maxLength': IMPORT_LIMITS.maxTextLength,
      'SharedSegment words items minItems': 3,
      'SharedSegment words items maxItems': 3,
      'ExportedSegment words items minItems': 3,
      'ExportedSegment words items maxItems': 4,
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
