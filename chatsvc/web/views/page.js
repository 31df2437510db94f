/** What only the page knows: which drawer and dialog are open, and when to draw. */

import { App } from "./app.js";
import { html, render } from "./dom.js";
import { Login } from "./login.js";

/** @typedef {import("../control/chat_session.js").ChatSession} ChatSession */
/** An open dialog: what it is about, how many were opened before, and what shows it, once that is loaded. @typedef {{about?: unknown, number: number, view?: import("./dialogs.js").DialogView}} OpenDialog */

/** Draws the session into an element of the document, at most once a frame. */
export class Page {
    /** @param {Element} container */
    constructor(container) {
        /** @type {"rooms" | "people" | null} the list that is open on a narrow screen */
        this.drawer = null;
        /** @type {OpenDialog | null} */
        this.dialog = null;
        /** @type {((props: any) => import("./dom.js").View) | null} what is shown instead of the chat */
        this.view = null;
        this.firstName = ""; // typed before the scripts had loaded
        /** @type {() => void} what else must follow the state, such as the title */
        this.drawn = () => {};
        this._container = /** @type {HTMLElement} */ (container);
        this._due = false;
        this._opened = 0;
        /** @type {ChatSession | null} */
        this._session = null;
    }

    /** @param {ChatSession} session */
    show(session) {
        this._session = session;
        this.draw();
    }

    /** Draw soon. */
    changed() {
        if (this._due) return;
        this._due = true;
        // A hidden page gets no animation frames; its title still counts the unread messages.
        if (document.hidden) setTimeout(() => this.draw(), 200);
        else requestAnimationFrame(() => this.draw());
    }

    /** Draw now. */
    draw() {
        this._due = false;
        if (this._session === null) return;
        const View = this.view ?? (this._session.login === null ? App : Login);
        render(html`<${View} session=${this._session} page=${this} />`, this._container);
        this.drawn();
    }

    /** @param {"rooms" | "people" | null} drawer */
    openDrawer(drawer) {
        this.drawer = drawer;
        this.changed();
    }

    /**
     * @param {string} name
     * @param {unknown} [about]
     */
    openDialog(name, about) {
        this.dialog = { about, number: ++this._opened };
        this.drawer = null;
        void this._load(this.dialog, name);
        this.changed();
    }

    /**
     * @param {OpenDialog} dialog
     * @param {string} name
     */
    async _load(dialog, name) {
        try {
            dialog.view = await (await import("./dialogs.js")).load(name);
            this.changed();
        } catch {
            if (this.dialog === dialog) this.closeDialog(); // the server cannot be reached, or has another version now
        }
    }

    /** Close the dialog at once, so that what follows finds the focus where it was. */
    closeDialog() {
        if (this.dialog === null) return;
        this.dialog = null;
        this.draw();
        const area = this._container.querySelector("textarea"), active = document.activeElement;
        if (area !== null && active === area) area.blur(); // Chromium gave it the focus while it was inert: nothing can be typed
        if (active === area || (active === document.body && matchMedia("(pointer: fine)").matches)) area?.focus();
    }
}
