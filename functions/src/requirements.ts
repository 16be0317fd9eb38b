/** What the functions need in a project: declared for the deployment (`declareRequirements.ts`), and looked for by `doctor`. */

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

/**
 * APIs of Google Cloud by the first part of their names, and what calls them. firebase-tools adds those that it needs
 * itself to deploy functions.
 */
export const APIS = {
  firestore: 'Jobs, conversations and everything else that is stored.',
  storage: 'Recordings on their way in.',
  cloudtasks: 'One task for each job.',
  cloudscheduler: 'The sweeper, every five minutes.',
  identitytoolkit: 'Who calls, and which account was deleted.',
  fcm: 'Pushes to the devices of a user.',
} as const;

/**
 * How the queue delivers tasks: for as long as a lease may last and a dependency may be down. How often a job may fail
 * is counted on the job.
 */
export const QUEUE = {
  retryConfig: { maxAttempts: 100, minBackoffSeconds: 5, maxBackoffSeconds: 30, maxDoublings: 3 },
  rateLimits: { maxConcurrentDispatches: 50, maxDispatchesPerSecond: 20 },
} as const;
