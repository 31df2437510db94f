/**
 * The dialogs by name, which are loaded when they are opened for the first time. To add one, write
 * a component in a module of its own, and add it here.
 */

/** @typedef {import("../control/chat_session.js").ChatSession} ChatSession */
/** @typedef {import("./page.js").Page} Page */
/** What a dialog gets; `about` is what it was opened with. @typedef {{session: ChatSession, page: Page, about: any}} DialogProps */
/** @typedef {((props: DialogProps) => import("./dom.js").View) | (new (props: any) => object)} DialogView */

/** @type {Record<string, () => Promise<DialogView>>} */
const DIALOGS = {
    account: async () => (await import("./account_dialog.js")).AccountDialog,
    answer: async () => (await import("./answer_view.js")).AnswerDialog,
    command: async () => (await import("./command_dialog.js")).CommandDialog,
    commands: async () => (await import("./commands_dialog.js")).CommandsDialog,
    jump: async () => (await import("./search_dialog.js")).JumpDialog,
    keys: async () => (await import("./keys_dialog.js")).KeysDialog,
    line: async () => (await import("./menus.js")).LineMenu,
    moderation: async () => (await import("./moderation_dialog.js")).ModerationDialog,
    own: async () => (await import("./menus.js")).OwnMenu,
    person: async () => (await import("./menus.js")).PersonMenu,
    preferences: async () => (await import("./preferences_dialog.js")).PreferencesDialog,
    room: async () => (await import("./menus.js")).RoomMenu,
    rooms: async () => (await import("./rooms_dialog.js")).RoomsDialog,
    search: async () => (await import("./search_dialog.js")).SearchDialog,
    share: async () => (await import("./share_dialog.js")).ShareDialog,
    switcher: async () => (await import("./switcher.js")).Switcher,
};

/**
 * Load and return what shows a dialog.
 * @param {string} name
 */
export function load(name) {
    return DIALOGS[name]();
}
