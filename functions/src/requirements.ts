/**
 * What the functions need in a project. firebase-tools enables the APIs, makes a service account for this codebase alone, and gives it
 * these roles: so the functions can do nothing else there, whatever the project's default account may do.
 */
import { requiresAPI } from 'firebase-functions/v2';
import { requiresRole } from 'firebase-functions/v2/options';

/** Role, and what calls for it. None is of an owner or editor, and none lets an account change rules, functions or roles. */
export const ROLES = {
  'roles/datastore.user': 'Every store reads and writes Firestore.',
  'roles/storage.objectUser': 'Recordings are staged, read and deleted in Storage.',
  'roles/cloudtasks.enqueuer': 'Endpoints and sweeper enqueue tasks.',
  'roles/iam.serviceAccountUser': 'A task carries an identity token of this account.',
  'roles/run.invoker': 'Tasks, schedules and events call functions that are not public.',
  'roles/eventarc.eventReceiver': 'Events of Firestore, Storage and Auth come by Eventarc.',
  'roles/firebaseauth.viewer':
    'An upload asks whether the token was revoked; a deletion, whether the account is there again.',
  'roles/firebasecloudmessaging.admin':
    'The end of a job is pushed to the devices of its user: no smaller role may send.',
} as const;

/** APIs of Google Cloud by the first part of their names, and what calls them. firebase-tools adds those that it needs itself to deploy functions. */
export const APIS = {
  firestore: 'Jobs, conversations and everything else that is stored.',
  storage: 'Recordings on their way in.',
  cloudtasks: 'One task for each job.',
  cloudscheduler: 'The sweeper, every five minutes.',
  identitytoolkit: 'Who calls, and which account was deleted.',
  fcm: 'Pushes to the devices of a user.',
} as const;

for (const role of Object.keys(ROLES) as (keyof typeof ROLES)[]) requiresRole(role);
for (const [api, reason] of Object.entries(APIS)) requiresAPI(`${api}.googleapis.com`, reason);
