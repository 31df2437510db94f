/**
 * The dialogs by name, which are loaded when they are opened for the first time. To add one, write
 * a component in a module of its own, and add it here.
 */

import { Component, html } from "./dom.js";

/** @typedef {import("../control/chat_session.js").ChatSession} ChatSession */
/** @typedef {import("./page.js").Page} Page */
/** What a dialog gets; `about` is what it was opened with. @typedef {{session: ChatSession, page: Page, about: any}} DialogProps */
/** @typedef {(props: DialogProps) => import("./dom.js").View} DialogView */

/** @type {Record<string, () => Promise<DialogView>>} */
const DIALOGS = {
    rooms: async () => (await import("./rooms_dialog.js")).RoomsDialog,
};

/** The dialog that is open. @extends {Component<{session: ChatSession, page: Page}, {view?: DialogView}>} */
export class OpenDialog extends Component {
    state = /** @type {{view?: DialogView}} */ ({});

    async componentDidMount() {
        const { page } = this.props;
        try {
            this.setState({ view: await DIALOGS[page.dialog?.name ?? ""]() });
        } catch {
            page.closeDialog(); // the server cannot be reached, or has another version now
        }
    }

    render() {
        const { session, page } = this.props;
        const View = this.state.view;
        return View && html`<${View} session=${session} page=${page} about=${page.dialog?.about} />`;
    }
}
