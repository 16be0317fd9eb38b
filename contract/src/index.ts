/**
 * Everything on which the functions, the client library, the console and the tools must agree, declared once. It has no dependencies,
 * and runs on every platform.
 */
export * from './conversation.ts';
export * from './device.ts';
export * from './edit.ts';
export * from './editedReading.ts';
export * from './endpoints.ts';
export * from './errors/catalogue.ts';
export * from './errors/clientErrors.ts';
export * from './exporting.ts';
export * from './format.ts';
export * from './job.ts';
export * from './keptAudio.ts';
export * from './ledger.ts';
export * from './limits.ts';
export * from './paths.ts';
export * from './push.ts';
export * from './queries.ts';
export * from './recordingName.ts';
export * from './region.ts';
export * from './share.ts';
export * from './speakers.ts';
export * from './text.ts';
export * from './time.ts';
export * from './usage.ts';
export * from './wire.ts';
export * from './wireKeep.ts';
