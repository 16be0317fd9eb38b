/** Runs ffmpeg, with whose encoders and decoders the tests compare the code. */
import { spawnSync } from 'node:child_process';

interface Run {
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs an installed program to its end; its absence or failure fails the test with a sentence. */
export function run(command: 'ffmpeg', args: readonly string[], input?: Uint8Array): Run {
  const result = spawnSync(command, args, { input, maxBuffer: 256 * 1024 * 1024 });
  if (result.error) {
    throw new Error(`${command} cannot be run: "npm test" installs it`, {
      cause: result.error,
    });
  }
  const stderr = result.stderr.toString();
  if (result.status !== 0) throw new Error(`${command} ended with ${String(result.status)}: ${stderr}`);
  return { stdout: result.stdout, stderr };
}

/** An Ogg Opus file of a changing tone over noise, made by ffmpeg's libopus. */
export function encodeOpus(options: { seconds: number; frameMs: number; channels?: 1 | 2; kbps?: number }): Buffer {
  const { seconds, frameMs, channels = 1, kbps = 32 } = options;
  const source = `aevalsrc=0.4*sin(2000*t+300*sin(3*t))+0.05*random(1):s=16000:d=${seconds}`;
  const encoder = ['-c:a', 'libopus', '-b:a', `${kbps}k`, '-frame_duration', `${frameMs}`, '-application', 'voip'];
  const args = ['-v', 'error', '-f', 'lavfi', '-i', source, '-ac', `${channels}`, ...encoder, '-f', 'ogg', '-'];
  return run('ffmpeg', args).stdout;
}
