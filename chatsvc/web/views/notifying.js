/** Puts notifications together with the browser. Loaded with the first message. */

import { Notifications } from "../control/notifications.js";
import { play, show } from "./outlets.js";

/** @param {import("../control/chat_session.js").ChatSession} session */
export function notificationsOf(session) {
    const clock = { now: () => Date.now(), random: Math.random, setTimeout: window.setTimeout.bind(window), clearTimeout: window.clearTimeout.bind(window) };
    return new Notifications(session.preferences, session.keepsakes.forAll, clock, { play, show, locks: navigator.locks });
}
