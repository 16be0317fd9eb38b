/**
 * Preloaded into firebase-tools (`--require`) where the newest Java is 17 to 20, as on Debian 12, which has only 17.
 *
 * firebase-tools 15 compares the version with 21 before it starts an emulator. The emulators themselves run on 17: their classes
 * are compiled for Java 11 and 17. This lowers the number that firebase-tools compares with, and changes nothing else.
 */
'use strict';
const path = require('node:path');
const from = path.dirname(process.argv[1] ?? ''); // firebase-tools' own script.
require(require.resolve('../emulator/commandUtils.js', { paths: [from] })).MIN_SUPPORTED_JAVA_MAJOR_VERSION = 17;
