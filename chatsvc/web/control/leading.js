/** A command that leads to another conversation: what is typed before it is answered goes there. */

/** @typedef {import("../model/buffers.js").Buffer} Buffer */
/** @typedef {import("../model/items.js").Spoken} Spoken */
/** @typedef {import("./chat_session.js").ChatSession} ChatSession */
/** A message that waits. @typedef {{typed: string, send: (there: Buffer) => void, item: Spoken}} Held */

/** A command such as `/join` that is not answered yet. */
export class Leading {
    /**
     * @param {ChatSession} session
     * @param {Buffer} from where it was given
     */
    constructor(session, from) {
        this._session = session;
        this._from = from;
        this._clean = !from.draft; // so that a draft was begun after it
        /** @type {Held[]} */
        this._held = [];
    }

    /**
     * Let a message wait if it was typed in the same buffer; return whether it does.
     * @param {string} text
     * @param {string} typed
     * @param {Buffer} pane
     * @param {(there: Buffer) => void} send
     */
    hold(text, typed, pane, send) {
        const { now, state } = this._session;
        if (this._from !== pane) return false;
        this._held.push({ send, typed, item: state.wait(pane, text, now, typed !== text) });
        return true;
    }

    /**
     * Send what waits to the conversation that the answer leads to, if any; after a refusal (null), restore it to the input.
     * @param {string | null | undefined} to
     */
    release(to) {
        const { input, state } = this._session;
        if (input.leading === this) input.leading = null;
        for (const { item } of this._held) state.settled(this._from, item);
        const there = to === undefined ? this._from : to !== null && state.find(to);
        if (there) for (const { send, typed } of this._held) input.attempt(() => send(there), typed, there);
        else if (this._held.length) this._session.giveBack(this._text, this._from);
    }

    /**
     * Move what the user has begun to type to where the answer leads, if they are still where they gave the command.
     * @param {Buffer} to
     */
    carry(to) {
        const { keepsakes, state } = this._session, from = this._from;
        if (!this._clean || from !== state.pane || from === to || !from.draft || to.draft || keepsakes.draft(to.name)) return;
        [to.draft, from.draft] = [from.draft, ""];
        for (const { name, draft } of [from, to]) keepsakes.keepDraft(name, draft);
    }

    /** Keep what waits as a draft, because the page is about to be reloaded. */
    keep() {
        if (this._held.length) this._session.keepsakes.keepDraft(this._from.name, `${this._text}\n${this._from.draft}`.trim());
    }

    get _text() {
        return this._held.map(({ typed }) => typed).join("\n");
    }
}
