/** Preloaded into firebase-tools by the test of the kit: somebody is signed in. Nothing else is different. */
'use strict';

const path = require('node:path');

const auth = require(path.join(process.env['FIREBASE_TOOLS'] ?? '', 'lib/requireAuth.js'));
auth.requireAuth = async () => 'somebody@example.com';
