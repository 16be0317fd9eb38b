/** The formats of recordings, as the contract declares them, and a question that only the functions ask. */
import type { FramedFormat, RecordingFormat } from 'offline-audio-sync-contract';

export { containerNamed, FILE_EXTENSIONS, OTHER_EXTENSIONS } from 'offline-audio-sync-contract';
export type {
  FileExtension,
  FileFormat,
  FramedFormat,
  FrameCodec,
  RecordingFormat,
  RecordingName,
} from 'offline-audio-sync-contract';

/** Whether the recording's frames are Opus packets, which a chunk can carry as they are. */
export function isOpus(format: RecordingFormat): format is FramedFormat & { readonly codec: 'opus' | 'opus_fs320' } {
  return format.kind === 'framed' && (format.codec === 'opus' || format.codec === 'opus_fs320');
}
