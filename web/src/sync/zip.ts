/** Creates and reads zips on this device. */
import { configure } from '@zip.js/zip.js/lib/zip-core-native.js';

// Workers would be loaded from a blob:, which the Content-Security-Policy forbids.
configure({ useWebWorkers: false });

export {
  BlobReader,
  BlobWriter,
  TextReader,
  TextWriter,
  ZipReader,
  ZipWriter,
} from '@zip.js/zip.js/lib/zip-core-native.js';
