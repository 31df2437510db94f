/** The frame of a dialog: a title, a button that closes it, and its content. */

import { Component, html } from "./dom.js";
import { Icon } from "./icons.js";

/** @typedef {{title: string, close: () => void, children?: unknown}} Props */

/** A modal dialog; the browser keeps the focus in it, and Escape closes it. @extends {Component<Props>} */
export class Dialog extends Component {
    componentDidMount() {
        this._element?.showModal();
    }

    render() {
        const { title, close, children } = this.props;
        return html`<dialog class="dialog" aria-labelledby="dialog-title" onClose=${close}
            ref=${(/** @type {HTMLDialogElement | null} */ element) => (this._element = element)}
            onClick=${(/** @type {MouseEvent} */ event) => event.target === this._element && close()}>
            <div class="dialog-frame">
                <header>
                    <h2 id="dialog-title">${title}</h2>
                    <button type="button" class="quiet" aria-label="Close" onClick=${close}><${Icon} name="close" /></button>
                </header>
                ${children}
            </div>
        </dialog>`;
    }
}
