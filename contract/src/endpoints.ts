/** The functions that apps call, by the names under which they are deployed. */
import type {
  AcknowledgedView,
  AcknowledgeRequest,
  CreatedJobView,
  CreateJobRequest,
  DeleteConversationRequest,
  DeletedConversationView,
  JobRequest,
  JobView,
  RedatedView,
  RedateRequest,
} from './wire.ts';
import type {
  DeleteEverythingRequest,
  DeletedEverythingView,
  EditRequest,
  EditView,
  ImportedView,
  ImportRequest,
  ShareRequest,
  ShareView,
  UndoEditRequest,
  WithdrawShareRequest,
  WithdrawnShareView,
} from './wireKeep.ts';

/** Plain HTTP, and the path at which Hosting serves it. */
export const HTTP_ENDPOINTS = {
  syncUpload: { method: 'POST', path: '/v2/sync/upload' },
  syncStatus: { method: 'GET', path: '/v2/sync/status' },
  syncJobs: { method: 'GET', path: '/v2/sync/jobs' },
  sharedConversation: { method: 'GET', path: '/v2/sync/shared' },
  sharedAudio: { method: 'GET', path: '/v2/sync/shared/audio' },
} as const;

export type HttpEndpoint = keyof typeof HTTP_ENDPOINTS;

/** Callables: the request and the answer of each. */
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
  readonly editConversation: { readonly request: EditRequest; readonly answer: EditView };
  readonly undoEdit: { readonly request: UndoEditRequest; readonly answer: EditView };
  readonly shareConversation: { readonly request: ShareRequest; readonly answer: ShareView };
  readonly withdrawShare: { readonly request: WithdrawShareRequest; readonly answer: WithdrawnShareView };
  readonly importConversations: { readonly request: ImportRequest; readonly answer: ImportedView };
  readonly deleteEverything: { readonly request: DeleteEverythingRequest; readonly answer: DeletedEverythingView };
}

export type CallableName = keyof Callables;
