/** The secret with which this browser logs in to an account without its password: requested, replaced and ended. */

import { browserLabel } from "../model/browser_label.js";

/** @typedef {import("./chat_session.js").ChatSession} ChatSession */

/**
 * Stay logged in: request a token for the account, and use it from now on.
 * @param {ChatSession} session
 */
export async function requestToken({ connection, keepsakes }) {
    const { token, number } = await connection.ask("token", { label: browserLabel(navigator.userAgent) });
    const name = connection.resume.account;
    if (name === null) return;
    keepsakes.token = { name, token, number };
    connection.proved({ token });
}

/**
 * Request another token, after the password was changed: this has ended the one we had.
 * @param {ChatSession} session
 */
export async function renewToken(session) {
    session.forgetToken();
    await requestToken(session);
}

/**
 * Forget the token, and end it if the server can be reached.
 * @param {ChatSession} session
 */
export async function endToken(session) {
    const { connection, keepsakes } = session;
    const known = keepsakes.token;
    session.forgetToken();
    if (known !== null && connection.here) await connection.ask("sessions", { end: known.number, token: true });
}

/**
 * Log in with a newer token than the one that the server has ended, if another tab was given one.
 * @param {ChatSession} session
 */
export function comeBack(session) {
    const { ended, keepsakes: { token: known }, login } = session;
    if (!ended || !known || known.name !== ended.name || known.token === ended.token || login?.busy !== false) return;
    session.ended = null;
    session.logIn({ name: known.name, token: known.token });
}
