/** The roles, APIs and queue that the functions need: declared for the deployment (`declareRequirements.ts`), and checked by `doctor`. */

/** Each role with its reason. None of them is owner or editor, and none allows changes of rules, functions or roles. */
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
 * APIs of Google Cloud by the first part of their names, with their use. firebase-tools adds the APIs that it needs itself to deploy
 * functions.
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
 * How the queue delivers tasks. It retries longer than a lease may last and a dependency may be down; the job itself counts its
 * failures.
 */
export const QUEUE = {
  retryConfig: { maxAttempts: 100, minBackoffSeconds: 5, maxBackoffSeconds: 30, maxDoublings: 3 },
  rateLimits: { maxConcurrentDispatches: 50, maxDispatchesPerSecond: 20 },
} as const;
