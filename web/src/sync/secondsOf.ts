/** Time limit, milliseconds: browsers that save energy load no audio before it is played, and send no event. */
const LIMIT_MS = 3000;

/** The length of an audio file, seconds; null if the browser cannot tell, or does not answer. @param audio the element that loads it */
export function secondsOf(file: Blob, audio: HTMLAudioElement = new Audio()): Promise<number | null> {
  return new Promise((resolve) => {
    const url = URL.createObjectURL(file);
    const done = (seconds: number | null): void => {
      clearTimeout(timer);
      URL.revokeObjectURL(url);
      resolve(seconds);
    };
    const timer = setTimeout(done, LIMIT_MS, null);
    audio.onloadedmetadata = () => {
      done(Number.isFinite(audio.duration) ? audio.duration : null);
    };
    audio.onerror = () => {
      done(null);
    };
    audio.preload = 'metadata';
    audio.src = url;
  });
}
