/** Emoji by their names, as in `:tea:`. */

const MOST = 50; // offered at once
const NAMED = /(?<![\p{L}\p{N}_:]):([a-z0-9_+'&.-]+):(?![\p{L}\p{N}_:])/giu;

/** The common ones, each with its names. */
const TABLE = `
😀 grinning|😄 smile|😁 grin|😂 joy|🤣 rofl|🙂 slightly_smiling_face|🙃 upside_down_face|😉 wink|😊 blush|😇 innocent
😍 heart_eyes|😘 kissing_heart|😋 yum|😛 stuck_out_tongue|😜 stuck_out_tongue_winking_eye|🤗 hugs|🤔 thinking|🤨 raised_eyebrow
😐 neutral_face|😏 smirk|🙄 roll_eyes|😬 grimacing|😌 relieved|😴 sleeping|😷 mask|🤒 face_with_thermometer|🤯 exploding_head|🥳 partying_face
😎 sunglasses|🤓 nerd_face|😕 confused|😟 worried|😮 open_mouth|😳 flushed|🥺 pleading_face|😢 cry|😭 sob|😱 scream|😅 sweat_smile
😞 disappointed|😓 sweat|😩 weary|😫 tired_face|🥱 yawning_face|😤 triumph|😠 angry|😡 rage|😈 smiling_imp|💀 skull|💩 poop
🤡 clown_face|👻 ghost|👽 alien|🤖 robot|😺 smiley_cat|🙈 see_no_evil|🙉 hear_no_evil|🙊 speak_no_evil|💋 kiss|💌 love_letter
❤️ heart|🧡 orange_heart|💛 yellow_heart|💚 green_heart|💙 blue_heart|💜 purple_heart|🖤 black_heart|💔 broken_heart|💯 100|💥 boom
💤 zzz|👋 wave|👌 ok_hand|✌️ v|🤞 crossed_fingers|🤘 metal|👈 point_left|👉 point_right|👆 point_up_2|👇 point_down|👍 +1 thumbsup
👎 -1 thumbsdown|✊ fist|👊 facepunch|👏 clap|🙌 raised_hands|🤝 handshake|🙏 pray|✍️ writing_hand|💪 muscle|👀 eyes|🧠 brain
🤷 shrug|🤦 facepalm|🙋 raising_hand|🐶 dog|🐱 cat|🐭 mouse|🦊 fox_face|🐻 bear|🐼 panda_face|🐧 penguin|🐦 bird|🦉 owl|🐝 bee|🦋 butterfly
🐢 turtle|🐍 snake|🐙 octopus|🐳 whale|🐘 elephant|🦄 unicorn|🌵 cactus|🎄 christmas_tree|🌲 evergreen_tree|🌱 seedling|🍀 four_leaf_clover
🌹 rose|🌻 sunflower|🍎 apple|🍌 banana|🍓 strawberry|🍒 cherries|🥑 avocado|🥕 carrot|🍞 bread|🧀 cheese|🍕 pizza|🍔 hamburger|🍟 fries
🍜 ramen|🍣 sushi|🍦 icecream|🍩 doughnut|🍪 cookie|🎂 birthday|🍰 cake|🍫 chocolate_bar|☕ coffee|🍵 tea|🍺 beer|🍻 beers|🍷 wine_glass
🥂 clinking_glasses|🍾 champagne|⚽ soccer|🏀 basketball|🎮 video_game|🎲 game_die|🎯 dart|🏆 trophy|🥇 1st_place_medal|🎨 art|🎵 musical_note
🎶 notes|🎸 guitar|🎉 tada|🎈 balloon|🎁 gift|🚗 car|🚲 bike|🚀 rocket|✈️ airplane|🚂 steam_locomotive|⛵ sailboat|🏠 house|🏫 school
🌍 earth_africa|🌙 crescent_moon|⭐ star|✨ sparkles|☀️ sunny|☁️ cloud|🌈 rainbow|☔ umbrella|⚡ zap|❄️ snowflake|⛄ snowman|🔥 fire|💧 droplet
⌚ watch|📱 iphone|💻 computer|⌨️ keyboard|🔋 battery|🔌 electric_plug|💡 bulb|📚 books|📖 book|✏️ pencil2|📝 memo|📌 pushpin|📎 paperclip
🔒 lock|🔑 key|🔨 hammer|🔧 wrench|⏰ alarm_clock|⏳ hourglass|📅 calendar|📈 chart_with_upwards_trend|📧 email|🔔 bell|🔍 mag
✅ white_check_mark|✔️ heavy_check_mark|❌ x|❓ question|❗ exclamation|⚠️ warning|⛔ no_entry|♻️ recycle|🆗 ok|🆒 cool|🏁 checkered_flag|🐛 bug
`;

/** @type {Map<string, string>} */
const KNOWN = new Map(TABLE.trim().split(/[|\n]/).flatMap(entry => {
    const [sign, ...names] = entry.split(" ");
    return names.map(name => /** @type {[string, string]} */ ([name, sign]));
}));

/**
 * Return `text` with emoji in place of their names.
 * @param {string} text
 */
export function emojized(text) {
    return text.replace(NAMED, (written, name) => KNOWN.get(name.toLowerCase()) ?? written);
}

/**
 * Return names that begin with `part`, then those that contain it, each with its emoji.
 * @param {string} part
 */
export function beginning(part) {
    const late = (/** @type {string} */ name) => Number(!name.startsWith(part));
    return [...KNOWN]
        .filter(([name]) => name.includes(part))
        .sort(([one], [other]) => late(one) - late(other) || one.length - other.length || (one < other ? -1 : 1))
        .slice(0, MOST);
}
