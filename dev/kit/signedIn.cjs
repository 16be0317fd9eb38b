/** Preloaded into firebase-tools by the test of the kit: pretends that a user is signed in, and changes nothing else. */
'use strict';

const path = require('node:path');

const auth = require(path.join(process.env['FIREBASE_TOOLS'] ?? '', 'lib/requireAuth.js'));
auth.requireAuth = async () => 'somebody@example.com';
