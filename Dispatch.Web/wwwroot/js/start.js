// Starts the circuit: how a lost line is tried again, and what happens when there never was one.
import { opened, rescue } from "./reconnect.js";

// Three at once, for a line that blinked; then every two seconds for as long as it takes. Not all browsers of an office in the same moment.
const pause = (tries) => (tries < 3 ? tries * 200 : 1500 + Math.random() * 1000);

Blazor.start({
  circuit: {
    reconnectionOptions: { maxRetries: Number.MAX_SAFE_INTEGER, retryIntervalMilliseconds: pause },
    circuitHandlers: [{ onCircuitOpened: opened }],
  },
}).catch(rescue);

// The server went between this page and its circuit: nothing of Blazor tries again by itself.
if (document.documentElement.hasAttribute("data-live")) setTimeout(rescue, 20000);
