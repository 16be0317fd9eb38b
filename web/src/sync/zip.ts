/** Zips that are made and read on this device. */
import { configure } from '@zip.js/zip.js/lib/zip-core-native.js';

// A worker would be read from a blob:, which the Content-Security-Policy does not know.
configure({ useWebWorkers: false });

export {
  BlobReader,
  BlobWriter,
  TextReader,
  TextWriter,
  ZipReader,
  ZipWriter,
} from '@zip.js/zip.js/lib/zip-core-native.js';
