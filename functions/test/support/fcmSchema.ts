/**
 * `Message` of FCM's HTTP v1 API, by its reference (https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages). Other
 * fields are refused, because FCM answers them with INVALID_ARGUMENT.
 */
import * as z from 'zod';

/** `"3.5s"` */
const duration = z.string().regex(/^\d+(\.\d{1,9})?s$/);
const strings = z.record(z.string(), z.string());

/** Keys that FCM reserves: "from", "message_type", and all that begin with "google." or "gcm.". */
const data = strings.refine(
  (entries) => Object.keys(entries).every((key) => !/^(from|message_type|google\..*|gcm\..*)$/.test(key)),
  'a reserved key',
);

const notification = z.strictObject({
  title: z.string().optional(),
  body: z.string().optional(),
  image: z.url().optional(),
});

const androidConfig = z.strictObject({
  collapse_key: z.string().optional(),
  priority: z.enum(['normal', 'high', 'NORMAL', 'HIGH']).optional(),
  ttl: duration.optional(),
  restricted_package_name: z.string().optional(),
  data: data.optional(),
  notification: z.looseObject({}).optional(),
  fcm_options: z.strictObject({ analytics_label: z.string().optional() }).optional(),
  direct_boot_ok: z.boolean().optional(),
});

/** Apple's own: https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns */
const apnsHeaders = z.strictObject({
  'apns-push-type': z
    .enum(['alert', 'background', 'location', 'voip', 'complication', 'fileprovider', 'mdm'])
    .optional(),
  'apns-priority': z.enum(['1', '5', '10']).optional(),
  'apns-expiration': z.string().regex(/^\d+$/).optional(),
  'apns-topic': z.string().optional(),
  'apns-collapse-id': z.string().max(64).optional(),
  'apns-id': z.uuid().optional(),
});

const aps = z.strictObject({
  alert: z.union([z.string(), z.looseObject({})]).optional(),
  badge: z.number().optional(),
  sound: z.union([z.string(), z.looseObject({})]).optional(),
  'thread-id': z.string().optional(),
  category: z.string().optional(),
  'content-available': z.literal(1).optional(),
  'mutable-content': z.literal(1).optional(),
});

const apnsConfig = z
  .strictObject({
    headers: apnsHeaders.optional(),
    payload: z.looseObject({ aps }).optional(),
    fcm_options: z.strictObject({ analytics_label: z.string().optional(), image: z.string().optional() }).optional(),
  })
  .refine(({ headers, payload }) => {
    // Apple drops a background push that shows something, or has a higher priority.
    if (headers?.['apns-push-type'] !== 'background') return true;
    const { alert, sound, badge } = payload?.aps ?? {};
    const isSilent = alert === undefined && sound === undefined && badge === undefined;
    return isSilent && payload?.aps['content-available'] === 1 && headers['apns-priority'] === '5';
  }, 'no background push');

const webpushConfig = z.strictObject({
  headers: strings.optional(),
  data: data.optional(),
  notification: z.looseObject({}).optional(),
  fcm_options: z.strictObject({ link: z.string().optional(), analytics_label: z.string().optional() }).optional(),
});

const message = z
  .strictObject({
    data: data.optional(),
    notification: notification.optional(),
    android: androidConfig.optional(),
    webpush: webpushConfig.optional(),
    apns: apnsConfig.optional(),
    fcm_options: z.strictObject({ analytics_label: z.string().optional() }).optional(),
    token: z.string().min(1).optional(),
    topic: z.string().optional(),
    condition: z.string().optional(),
  })
  .refine(
    ({ token, topic, condition }) => [token, topic, condition].filter((each) => each !== undefined).length === 1,
    {
      message: 'exactly one of token, topic and condition',
    },
  )
  .refine(({ data: entries = {} }) => {
    const bytes = Object.entries(entries).reduce((sum, [key, value]) => sum + Buffer.byteLength(key + value), 0);
    return bytes <= 4096;
  }, 'more than 4,096 bytes of data');

/** The body of `POST /v1/projects/{project}/messages:send`. */
export const sendRequest = z.strictObject({ validate_only: z.boolean().optional(), message });
