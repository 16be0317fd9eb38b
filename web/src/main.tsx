import { render } from 'preact';
import { App } from './app.tsx';
import { reloadPage } from './heldPage.ts';
import { route, startRouter } from './router.ts';
import { session, startSession } from './session.ts';
import { heedBusyButtons } from './ui/busyButtons.ts';
import './styles/index.css';

startRouter();
heedBusyButtons();
// What is shared is read without an account: links from there load the page anew. The screens of a user start it themselves.
if (route.value.screen !== 'shared' && session.value.kind !== 'signedIn') startSession();
render(<App />, document.getElementById('app') ?? document.body);

// A new version was deployed while this one was open: its parts have other names now.
addEventListener('vite:preloadError', reloadPage);
if ('serviceWorker' in navigator) {
  addEventListener('load', () => {
    navigator.serviceWorker.register('/sw.js').catch(() => undefined); // A private window, say: it works online.
  });
}
