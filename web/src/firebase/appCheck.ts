/** App Check, if the console was built with a site key: it proves to the server that requests come from this console. */
import type { FirebaseApp } from 'firebase/app';
import { getToken, initializeAppCheck, ReCaptchaEnterpriseProvider, type AppCheck } from 'firebase/app-check';

let appCheck: AppCheck | null = null;

export function startAppCheck(app: FirebaseApp, siteKey: string): void {
  const provider = new ReCaptchaEnterpriseProvider(siteKey);
  appCheck = initializeAppCheck(app, { provider, isTokenAutoRefreshEnabled: true });
}

/** The token for requests that are not made by Firebase's SDKs. */
export async function appCheckToken(): Promise<string> {
  if (appCheck === null) throw new Error('App Check was not started.');
  return (await getToken(appCheck)).token;
}
