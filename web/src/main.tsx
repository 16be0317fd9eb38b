import { render } from 'preact';
import { App } from './app.tsx';
import { reloadPage } from './heldPage.ts';
import { route, startRouter } from './router.ts';
import { session, startSession } from './session.ts';
import { heedBusyButtons } from './ui/busyButtons.ts';
import './styles/index.css';

startRouter();
heedBusyButtons();
// A shared conversation is read without an account, and links from there reload the page. The screens of a signed-in user start the session
// themselves.
if (route.value.screen !== 'shared' && session.value.kind !== 'signedIn') startSession();
render(<App />, document.getElementById('app') ?? document.body);

// A new version was deployed while this one was open, so the parts of this one are no longer served.
addEventListener('vite:preloadError', reloadPage);
if ('serviceWorker' in navigator) {
  addEventListener('load', () => {
    // Registering fails in some private windows. The console then works online only.
    navigator.serviceWorker.register('/sw.js').catch(() => undefined);
  });
}
