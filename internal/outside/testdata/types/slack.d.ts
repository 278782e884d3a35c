// The types that golden messages must have: Slack's own.
import type { HomeView, KnownBlock, ModalView } from '@slack/types';

export interface Message {
  text: string;
  blocks: KnownBlock[];
}

export type View = ModalView | HomeView;

// What Slack's reference of Block Kit has and @slack/types 3.2.0 has not. Each
// is narrower than Slack's own could be, so that the compiler complains once it
// is there.
declare module '@slack/types/dist/block-kit/block-elements' {
  interface RichTextList {
    offset?: 0; // slack-go always writes it
  }
}
