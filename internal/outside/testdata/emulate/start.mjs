// Starts the Slack of npm's `emulate` with a workspace for one test.
import { createEmulator } from 'emulate';

const token = process.env.SLACK_BOT_TOKEN;
const app = { app_id: 'A0DISTROBOT', bot_id: 'B0DISTROBOT', bot_user_id: 'U0DISTROBOT' };
const scopes = process.env.SCOPES.split(',');
const slack = await createEmulator({
  service: 'slack',
  port: 0,
  seed: {
    slack: {
      team: { name: 'Emulated', domain: 'emulated' },
      users: [{ name: 'alice' }, { name: 'bob' }],
      channels: [{ name: 'sites' }],
      oauth_apps: [{ ...app, client_id: '1.2', client_secret: 'unused', name: 'distrobot', bot_name: 'distrobot', redirect_uris: ['http://127.0.0.1/'], scopes }],
      tokens: [{ token, type: 'bot', user_id: app.bot_user_id, ...app, scopes }],
      strict_scopes: true,
    },
  },
});
process.stdout.write(`${JSON.stringify({ what: 'ready', port: new URL(slack.url).port })}\n`);
