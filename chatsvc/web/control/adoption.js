/** What a tab that was closed has not sent: another tab of the same user takes it over. */

import { key } from "../model/text_rules.js";

/** @typedef {import("../net/connection.js").Identity} Identity */
/** @typedef {import("./chat_session.js").ChatSession} ChatSession */
/** @typedef {import("./tabs.js").Tabs} Tabs */
/** @typedef {import("./unsent.js").Message} Message */
/** @typedef {import("./unsent.js").Unsent} Unsent */

/**
 * Takes over a closed tab's secret together with its messages: the server may have stored some of them, and
 * recognizes those by the secret and their tags.
 */
export class Adoption {
    /**
     * @param {ChatSession} session
     * @param {Tabs} tabs
     * @param {Unsent} unsent
     * @param {boolean} isBack this tab was reloaded, so that it already has a secret that the server knows
     */
    constructor(session, tabs, unsent, isBack) {
        this._session = session;
        this._tabs = tabs;
        this._unsent = unsent;
        this._isBack = isBack;
        this._own = tabs.client;
        /** @type {{name: string, guest: boolean, messages: Message[]} | null} */
        this._found = null;
    }

    /**
     * Find a closed tab of the user who is about to log in, and take over its secret.
     * @param {Identity} identity
     */
    async before({ name, token, account_password: password }) {
        const { connection, state, kept } = this._session;
        const guest = token === undefined && password === undefined && connection.resume.account === null;
        if (this._found !== null && this._is(this._found, name, guest)) return; // again, after a refusal
        if (this._found !== null) await this._become(this._own);
        this._found = null;
        if (!this._tabs.works || state.waiting || kept.length) return; // ours are known by our own secret
        if (guest && (this._isBack || state.name)) return; // the secret is who a guest is
        for (const client of await this._unsent.others(name, guest)) {
            if (await this._tabs.isTaken(client) || !await this._unsent.claim(client)) continue;
            this._found = { name, guest, messages: await this._become(client) };
            return;
        }
    }

    /** Send the messages, now that the user is logged in: join their rooms first. */
    after() {
        const { connection: { resume } } = this._session, found = this._found;
        if (found === null) return;
        this._found = null;
        if (!this._is(found, resume.account ?? resume.name, resume.account === null)) return;
        this._own = this._tabs.client;
        this._session.resend(found.messages);
    }

    /**
     * @param {{name: string, guest: boolean}} found
     * @param {string} name
     * @param {boolean} guest
     */
    _is(found, name, guest) {
        return key(found.name) === key(name) && found.guest === guest;
    }

    /** Use another secret. @param {string} client */
    _become(client) {
        const { connection, keepsakes } = this._session;
        keepsakes.giveUpClient();
        keepsakes.client(() => client);
        connection.identify(client);
        this._tabs.client = client;
        return this._unsent.of(client);
    }
}
