/** What apps call, by the names under which it is deployed. */
import type {
  AcknowledgedView,
  AcknowledgeRequest,
  CreatedJobView,
  CreateJobRequest,
  DeleteConversationRequest,
  DeletedConversationView,
  JobListView,
  JobRequest,
  JobView,
  RedatedView,
  RedateRequest,
  UploadView,
} from './wire.ts';

/** Plain HTTP, and the path at which Hosting serves it. */
export const HTTP_ENDPOINTS = {
  syncUpload: { method: 'POST', path: '/v2/sync/upload' },
  syncStatus: { method: 'GET', path: '/v2/sync/status' },
  syncJobs: { method: 'GET', path: '/v2/sync/jobs' },
} as const;

export type HttpEndpoint = keyof typeof HTTP_ENDPOINTS;

/** What each answers. */
export interface HttpAnswers {
  readonly syncUpload: UploadView;
  readonly syncStatus: JobView;
  readonly syncJobs: JobListView;
}

/** Callables: what each asks for and answers. */
export interface Callables {
  readonly createSyncJob: { readonly request: CreateJobRequest; readonly answer: CreatedJobView };
  readonly retrySyncJob: { readonly request: JobRequest; readonly answer: JobView };
  readonly cancelSyncJob: { readonly request: JobRequest; readonly answer: JobView };
  readonly acknowledgeSyncJobs: {
    readonly request: AcknowledgeRequest;
    readonly answer: AcknowledgedView;
  };
  readonly redateRecordings: { readonly request: RedateRequest; readonly answer: RedatedView };
  readonly deleteConversation: {
    readonly request: DeleteConversationRequest;
    readonly answer: DeletedConversationView;
  };
}

export type CallableName = keyof Callables;
