/**
 * Errors of the client library alone, on the user's device. They are apart from the server's catalogue, so that an app's bundle has no
 * sentence that only the server sends. A code that is in both means the same in both.
 */
import type { ErrorCode } from './catalogue.ts';

interface ClientCatalogueEntry {
  /** Whether the same call, repeated without any change, can succeed. */
  readonly retryable: boolean;
  readonly message: string;
}

export const CLIENT_CATALOGUE = {
  // The library refuses a call.
  bad_name: {
    retryable: false,
    message: 'The name is too long, or has separators, quotes or control characters in it.',
  },
  bad_device_id: {
    retryable: false,
    message: 'A device id is 1 to 64 ASCII letters and digits: leave the hyphens of a UUID out.',
  },
  bad_frame: { retryable: false, message: 'A frame is longer than 65,536 bytes.' },
  empty_recording: { retryable: false, message: 'The recording has no bytes.' },
  recording_too_large: { retryable: false, message: 'The recording has more bytes than one recording may have.' },
  not_found: { retryable: false, message: 'There is no such recording here.' },
  busy: { retryable: true, message: 'The recording is being uploaded or processed; cancel its job first, or wait.' },
  signed_out: { retryable: true, message: 'The user is not signed in; sign in first.' },
  account_gone: {
    retryable: false,
    message: 'This account was deleted or disabled. What was not sent yet is still on this device.',
  },
  disposed: { retryable: false, message: 'The client was disposed of.' },

  // A request got no useful answer.
  network: { retryable: true, message: 'The server could not be reached.' },
  timeout: { retryable: true, message: 'The server did not answer in time.' },
  no_token: { retryable: true, message: 'The app could not get a token for the request.' },
  network_sign_in: {
    retryable: true,
    message: 'This network asks people to sign in before it lets anything through.',
  },
  too_large_for_network: { retryable: true, message: 'The network accepts no request of this size.' },
  not_ours: { retryable: true, message: 'Something other than the server answered.' },

  // A recording was not uploaded, or not processed.
  upload_cancelled: {
    retryable: true,
    message: 'The upload was cancelled on this device; the recording is kept here.',
  },
  audio_missing: { retryable: false, message: 'The audio of this recording is no longer on this device.' },
  gave_up: {
    retryable: true,
    message: 'The server has failed to accept it for a day. It is kept here and tried again every few hours.',
  },
  upload_refused: {
    retryable: true,
    message: 'Cloud Storage does not accept this recording; it is kept here, try again later.',
  },
  recording_left_out: { retryable: true, message: 'The job ended without this recording; it is kept here, try again.' },
} as const satisfies Record<string, ClientCatalogueEntry>;

export type ClientErrorCode = keyof typeof CLIENT_CATALOGUE;

/** Every code that an app can meet; `storage_403` and the like are answers of Cloud Storage. */
export type AnyErrorCode = ErrorCode | ClientErrorCode | `storage_${number}`;

/** A code that came from a server, which may be newer than this library and send codes that the library does not know. */
export type ReceivedErrorCode = AnyErrorCode | (string & Record<never, never>);
