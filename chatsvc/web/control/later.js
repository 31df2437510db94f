/** The modules that are loaded after the page is shown, so that it is shown earlier. */

/** @typedef {import("../model/state.js").State} State */

/** What is needed once the user types, or something unusual happens; null until it is loaded. */
export class Later {
    constructor() {
        /** @type {typeof import("../model/completion.js") | null} */
        this.completion = null;
        /** @type {typeof import("../model/emojis.js") | null} */
        this.emojis = null;
        /** @type {typeof import("./leading.js") | null} */
        this.leading = null;
        /** @type {typeof import("./account_token.js") | null} */
        this.account = null;
    }

    /** Return the module that knows which answers are shown as lists; load it if it was out of reach before. */
    answers() {
        return import("../model/answers.js");
    }

    /**
     * Load everything that is not loaded yet.
     * @param {State} state
     */
    async load(state) {
        if (this.completion !== null) return;
        try {
            const sentences = await import("../model/sentences.js");
            state.learnWords(sentences.lines);
            this.leading = await import("./leading.js");
            this.emojis = await import("../model/emojis.js");
            this.account = await import("./account_token.js");
            await this.answers();
            this.completion = await import("../model/completion.js");
        } catch {
            // The server cannot be reached: the next login tries again.
        }
    }
}
