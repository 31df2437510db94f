/** Loads what few users need in their first minute. */

/** @typedef {import("../model/state.js").State} State */

/** What is needed once the user types more than words, or something unusual happens; null until it is loaded. */
export class Later {
    constructor() {
        /** @type {typeof import("../model/completion.js") | null} */
        this.completion = null;
        /** @type {typeof import("../model/emojis.js") | null} */
        this.emojis = null;
        /** @type {typeof import("./completion_source.js") | null} */
        this.source = null;
        /** @type {typeof import("./account_token.js") | null} */
        this.account = null;
    }

    /** Return the module that knows which answers are shown as lists; load it if it was out of reach before. */
    answers() {
        return import("../model/answers.js");
    }

    /**
     * Load what events so far, and having an account, require.
     * @param {State} state
     * @param {boolean} [hasAccount]
     */
    async load(state, hasAccount = false) {
        try {
            if (state.needsWords) state.learnWords((await import("../model/sentences.js")).lines);
            if (hasAccount) this.account ??= await import("./account_token.js");
        } catch {
            // The server cannot be reached: the next login tries again.
        }
    }

    /** Load what completes commands, names and emoji, and what shows answers to commands; return whether it is loaded now. */
    async completing() {
        try {
            [this.emojis, this.source, this.completion] = await Promise.all(
                [import("../model/emojis.js"), import("./completion_source.js"), import("../model/completion.js"), this.answers()]);
            return true;
        } catch {
            return false;
        }
    }
}
