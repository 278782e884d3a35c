'use strict';
// A small Slack app on Slack's own Bolt, as one finds them in its manual. It
// runs over Socket Mode, or over HTTP when it has no token for that, and tells the test what
// Bolt made of each payload: one JSON object a line on standard output.
const { App, HTTPReceiver, LogLevel, SocketModeReceiver, subtype } = require('@slack/bolt');

const tell = (what, more = {}) => process.stdout.write(`${JSON.stringify({ what, ...more })}\n`);
const clientOptions = { slackApiUrl: process.env.SLACK_API_URL };
const logLevel = LogLevel.WARN;

// clientPingTimeout is also how long Bolt waits before it connects again.
const receiver = process.env.SLACK_APP_TOKEN
  ? new SocketModeReceiver({ appToken: process.env.SLACK_APP_TOKEN, clientPingTimeout: 300, installerOptions: { clientOptions }, logLevel })
  : new HTTPReceiver({ signingSecret: process.env.SLACK_SIGNING_SECRET, endpoints: '/slack/events', logLevel });
const app = new App({ token: process.env.SLACK_BOT_TOKEN, receiver, clientOptions, logLevel, extendedErrorHandler: true });

const seen = ({ body, context }) => ({ body, context: { ...context, client: undefined } });
const plain = (text) => ({ type: 'plain_text', text });
const button = (action_id, value, text) => ({ type: 'button', action_id, value, text: plain(text) });

const board = [
  { type: 'section', block_id: 'said', text: { type: 'mrkdwn', text: 'Nobody has pressed *yet*.' } },
  { type: 'actions', block_id: 'row', elements: [
    button('press', 'one', 'Press'), button('respond', 'two', 'Respond'), button('form', 'three', 'Form'), button('gone', 'four', 'Delete'),
    { type: 'static_select', action_id: 'choose', placeholder: plain('Choose'), options: [{ text: plain('Red'), value: 'red' }, { text: plain('Blue'), value: 'blue' }] },
    { type: 'external_select', action_id: 'find', placeholder: plain('Find'), min_query_length: 1 },
    { type: 'datepicker', action_id: 'day' }] },
];

const form = (step) => ({
  type: 'modal', callback_id: 'form', private_metadata: step, notify_on_close: true,
  title: plain('A form'), submit: plain('Go'), close: plain('Leave'),
  blocks: [
    { type: 'input', block_id: 'name', label: plain('Name'), element: { type: 'plain_text_input', action_id: 'text' } },
    { type: 'input', block_id: 'where', optional: true, label: plain('Where'), element: { type: 'conversations_select', action_id: 'room', response_url_enabled: true } },
    { type: 'input', block_id: 'kind', optional: true, label: plain('Kind'), element: { type: 'external_select', action_id: 'find', min_query_length: 1 } }],
});

// What the person types after /hello.
const commands = {
  '': async ({ ack, respond, body }) => { await ack(); await respond({ response_type: 'in_channel', text: `Hello, <@${body.user_id}>.` }); },
  at_once: ({ ack }) => ack({ response_type: 'ephemeral', text: 'At once.' }),
  words: ({ ack }) => ack('Only words.'),
  say: async ({ ack, say }) => { await ack(); await say('Said.'); },
  board: async ({ ack, say }) => { await ack(); tell('posted', { ts: (await say({ text: 'A board.', blocks: board })).ts }); },
  form: async ({ ack, client, body }) => { await ack(); tell('opened', { view: (await client.views.open({ trigger_id: body.trigger_id, view: form('first') })).view }); },
  six: async ({ ack, respond }) => { await ack(); for (const n of [1, 2, 3, 4, 5, 6]) await respond(`Answer ${n}.`); },
  // call METHOD JSON tells what Slack's client makes of any method's answer.
  call: async ({ ack, client, rest: [method, ...json] }) => {
    await ack();
    try {
      tell('called', { answer: await client.apiCall(method, JSON.parse(json.join(' '))) });
    } catch ({ data }) {
      const { error, needed, provided, response_metadata: more } = data;
      tell('called', { refusal: [error, needed && `needed=${needed} provided=${provided}`, ...(more?.messages ?? [])].filter(Boolean).join(' ') });
    }
  },
  silent: () => tell('silent'),
  fail: async ({ ack }) => { await ack(); throw new Error('this listener fails'); },
};
app.command('/hello', async (args) => {
  tell('command', seen(args));
  const [name, ...rest] = args.command.text.split(' ');
  await commands[name]({ ...args, rest });
});

app.message('ping', async ({ say, message, ...args }) => { tell('message', seen(args)); await say({ text: 'pong', thread_ts: message.ts }); });
app.message(subtype('message_changed'), async (args) => tell('changed', seen(args)));
app.message(subtype('message_deleted'), async (args) => tell('deleted', seen(args)));
app.event('app_mention', async ({ event, say, ...args }) => { tell('mention', seen(args)); await say({ text: `You called, <@${event.user}>?`, thread_ts: event.thread_ts ?? event.ts }); });
app.event('member_joined_channel', async (args) => tell('joined', seen(args)));
app.event('app_home_opened', async ({ event, client, ...args }) => {
  tell('home', seen(args));
  if (event.tab === 'home') await client.views.publish({ user_id: event.user, view: { type: 'home', blocks: [board[0]] } });
});

app.action('press', async ({ ack, client, body, ...args }) => {
  await ack();
  tell('action', seen({ body, ...args }));
  await client.chat.update({ channel: body.channel.id, ts: body.message.ts, text: 'Pressed.', blocks: [{ ...board[0], text: { type: 'mrkdwn', text: `<@${body.user.id}> pressed.` } }, board[1]] });
});
app.action('respond', async ({ ack, respond }) => { await ack(); await respond({ replace_original: true, text: 'Replaced.', blocks: board }); });
app.action('gone', async ({ ack, respond }) => { await ack(); await respond({ delete_original: true }); });
app.action('form', async ({ ack, client, body }) => { await ack(); await client.views.open({ trigger_id: body.trigger_id, view: form('second') }); });
app.action(/^(choose|day|find)$/, async ({ ack, ...args }) => { await ack(); tell('action', seen(args)); });
app.options('find', async ({ ack, options, ...args }) => {
  tell('options', seen(args));
  await ack({ options: ['a', 'b'].map((end) => ({ text: plain(options.value + end), value: `v-${options.value}${end}` })) });
});

app.view('form', async ({ ack, view, respond, client, body, ...args }) => {
  const name = view.state.values.name.text.value;
  tell('submission', seen({ body, ...args }));
  if (name === 'bad') return ack({ response_action: 'errors', errors: { name: 'That is a bad name.' } });
  if (name === 'again') return ack({ response_action: 'update', view: form('updated') });
  if (name === 'more') return ack({ response_action: 'push', view: form('pushed') });
  if (name === 'clear') return ack({ response_action: 'clear' });
  await ack();
  if (respond) await respond(`${name} was told here.`);
  else await client.chat.postMessage({ channel: body.user.id, text: `Welcome, ${name}.` });
});
app.view({ callback_id: 'form', type: 'view_closed' }, async ({ ack, ...args }) => { await ack(); tell('closed', seen(args)); });

app.error(async ({ error, body }) => tell('error', { code: error.code, message: error.message, original: error.original?.message, body }));

(async () => {
  const server = await app.start(0);
  tell('ready', { port: process.env.SLACK_APP_TOKEN ? undefined : server.address().port });
})();
