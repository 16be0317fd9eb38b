/** Offline audio sync for Firebase: the app's side. Stores are entry points of their own: `/indexeddb`, `/node`. */
export { createSyncClient } from './client.ts';
export type { SyncClient } from './client.ts';
export { isFinished } from 'offline-audio-sync-contract';
export type {
  AcknowledgeRequest,
  AcknowledgedView,
  ActiveStatus,
  AnyErrorCode,
  AudioLedger,
  CallableName,
  Callables,
  ClientErrorCode,
  ConversationInterval,
  ConversationState,
  ConversationSummary,
  CreateJobRequest,
  CreatedJobView,
  DeleteConversationRequest,
  DeleteEverythingRequest,
  DeletedConversationView,
  DeletedEverythingView,
  EditChange,
  EditChangeView,
  EditPlace,
  EditRequest,
  EditView,
  ErrorCode,
  ExportedAudio,
  ExportedChange,
  ExportedConversation,
  ExportedEdit,
  ExportedSegment,
  ExportedSpan,
  ExportedWord,
  FailureView,
  FileState,
  FileView,
  FinishedStatus,
  FrameCodec,
  FrameParameters,
  ImportRequest,
  ImportedView,
  IsoTime,
  JobRequest,
  JobStatus,
  JobSummaryView,
  JobView,
  KeptSpan,
  LedgerView,
  ManifestFileView,
  MergeEdit,
  Platform,
  ReceivedErrorCode,
  RedateRequest,
  RedatedView,
  Relevance,
  SegmentWord,
  ShareRequest,
  ShareView,
  SpeakerEdit,
  SpeakerScope,
  SpeechPlaceView,
  SplitEdit,
  Stage,
  StarEdit,
  TagEdit,
  TextEdit,
  TitleEdit,
  UndoEditRequest,
  UploadFieldsView,
  WaitingForView,
  WithdrawShareRequest,
  WithdrawnShareView,
} from 'offline-audio-sync-contract';
export type { FileFailure, Job, JobFile } from './api.ts';
export type { Backend, JobSignal } from './backend.ts';
export type { BatchLimits } from './batches.ts';
export type { Completion } from './completions.ts';
export type { Unsubscribe } from './emitter.ts';
export { RequestError, SyncError } from './errors.ts';
export type { FileProblem, RequestErrorKind, RequestErrorOptions, SyncErrorCode } from './errors.ts';
export { frameBytes, recordingName } from './frames.ts';
export { frameRecorder } from './frameRecorder.ts';
export type { FrameRecorder, FrameRecorderOptions } from './frameRecorder.ts';
export type { FrameFormat } from './frames.ts';
export type { Md5 } from './digest.ts';
export { memoryStore } from './memory.ts';
export type { Network } from './network.ts';
export type { FileRecording, FramesRecording, NewRecording } from './newRecording.ts';
export type { RedateOptions } from './redate.ts';
export type { SyncClientOptions, SyncEvents, SyncStatus } from './options.ts';
export * from './reading.ts';
export type { Failure, LocalFailureCode, Recording, RecordingState, UploadTarget } from './recording.ts';
export { LeaseLostError } from './store.ts';
export type { Lease, RecordingStore, StoredValue } from './store.ts';
export type { Clock } from './time.ts';
export type { UploaderStatus } from './uploaderStatus.ts';
