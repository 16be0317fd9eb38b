/** Says which transcriber is used, and who receives the speech. */

/** Prefix of the stored names of the local recogniser's models. */
const OWN_MODEL = 'moonshine';

/**
 * The transcriber that is stored with the words, and who received the speech.
 * @param isLocal whether the service runs on this machine
 */
export function transcriberText(transcriber: string, isLocal: boolean): string {
  const [service = transcriber, model] = transcriber.split('/', 2);
  if (transcriber.startsWith(OWN_MODEL)) {
    const whereabouts = isLocal ? 'nothing left this machine' : 'the speech was sent to no other service';
    return `the recogniser of the service itself (${transcriber}): ${whereabouts}.`;
  }
  const name = SERVICES[service] ?? service;
  return `${name}${model === undefined ? '' : ` (${model})`}, which received the speech.`;
}

const SERVICES: Readonly<Record<string, string>> = {
  deepgram: 'Deepgram',
  openai: 'the transcription service that the operator has chosen',
};

/** Where the speech goes, by the transcriber setting of a suite on this machine. Part of a sentence. */
export function privacyOfSuite(setting: string): string {
  switch (setting) {
    case 'local':
    case 'stand-in':
      return 'nothing leaves this machine';
    case 'deepgram':
      return 'speech is sent to Deepgram';
    default:
      return 'speech is sent to a transcription service';
  }
}

/** The transcriber of this machine, for users who are about to record. */
export function recogniserText(setting: string): string {
  switch (setting) {
    case 'local':
      return 'The recogniser on this machine transcribes: English only, and less accurately than a cloud service. Nothing leaves this machine.';
    case 'stand-in':
      return 'A stand-in replaces the recogniser. It knows only the samples, so your own recordings get no transcript. Nothing leaves this machine.';
    case 'deepgram':
      return 'Deepgram transcribes: speech is sent there, silence is not.';
    default:
      return 'A transcription service receives the speech; silence is not sent.';
  }
}
