/**
 * Preloaded into the processes of firebase-tools (`NODE_OPTIONS`): their servers leave the end of an idle connection to the client. By
 * default Node closes it after some seconds, and a request that is sent at that moment fails. Clients keep away from that moment by a second
 * or two, which is not enough on a busy machine.
 */
'use strict';
const { Server } = require('node:http');

const listen = Reflect.get(Server.prototype, 'listen');

/** @this {import('node:http').Server} @param {unknown[]} args */
function listenWithOpenConnections(...args) {
  this.keepAliveTimeout = 0;
  return Reflect.apply(listen, this, args);
}
Reflect.set(Server.prototype, 'listen', listenWithOpenConnections);
