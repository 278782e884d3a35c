// What Bolt hands to the listeners of testdata/bolt, for payloads that come from
// the workspace as they are.
import type * as bolt from '@slack/bolt';
import type { AppHomeOpenedEvent, AppMentionEvent, GenericMessageEvent, MemberJoinedChannelEvent, MessageChangedEvent, MessageDeletedEvent, MessageMetadata } from '@slack/types';

// Answers of the Web API: enumerations are texts there, and no other field passes.
export type Answer<T> = T extends string ? `${T}` : T extends (infer E)[] ? Answer<E>[]
  : T extends object ? { [K in keyof T as string extends K ? never : K]: Answer<T[K]> } : T;

// A view that is answered has null where there is no view before it, no button.
export type ViewAnswer<T extends { view?: { previous_view_id?: string; close?: object; submit?: object } }> = Omit<Answer<T>, 'view'> & {
  view: Nulls<Answer<Exclude<T['view'], undefined>>, 'previous_view_id' | 'close' | 'submit'>;
};

// Bolt's types let any other field pass; a payload is to have theirs alone.
type Alone<T> = { [K in keyof T as string extends K ? never : K]: T[K] };

// Slack's own examples have these as null, where the types have no null.
type Nulls<T, K extends keyof T> = Omit<T, K> & { [key in K]?: T[key] | null };

// Recorded payloads of interactions name the user twice; the types of views and
// suggestions have the newer name alone.
type Interactive<T extends { user: object }> = Omit<T, 'user' | 'enterprise'> & { user: T['user'] & { username: string }; enterprise: null };

type Enveloped<E> = Nulls<Alone<bolt.EnvelopedEvent<E>>, 'context_enterprise_id'> & { event_context: string };

export type * as api from '@slack/web-api';

export type SlashCommand = Alone<bolt.SlashCommand>;
export type MessageBody = Enveloped<Omit<GenericMessageEvent, 'subtype'>>;
type Was = { message: Past; previous_message: Past };
type Past = Omit<GenericMessageEvent, 'subtype' | 'event_ts' | 'channel' | 'channel_type'> & Root;
// Fields of a message that the types of Web API answers have and those of events lack.
type Root = { app_id?: string; latest_reply?: string; reply_count?: number; metadata?: MessageMetadata };
export type ChangedBody = Enveloped<Omit<MessageChangedEvent, keyof Was> & Was>;
export type DeletedBody = Enveloped<Omit<MessageDeletedEvent, keyof Was> & Omit<Was, 'message'>>;
export type MentionBody = Enveloped<AppMentionEvent>;
export type HomeBody = Enveloped<AppHomeOpenedEvent>;
export type JoinedBody = Enveloped<MemberJoinedChannelEvent>;

type Pressed<A extends bolt.BlockElementAction> = Nulls<Alone<bolt.BlockAction<A>>, 'enterprise'>;
export type ActionBody = Pressed<bolt.ButtonAction> | Pressed<bolt.StaticSelectAction> | Pressed<bolt.ExternalSelectAction> | Pressed<bolt.DatepickerAction>;
export type SuggestionBody = Interactive<Alone<bolt.BlockSuggestion>>;
export type SubmissionBody = Interactive<bolt.ViewSubmitAction>;
export type ClosedBody = Interactive<bolt.ViewClosedAction>;

// Answers as Slack's reference of each method shows them, where the types of its
// client, which were made from recorded answers, lack a field.
declare module '@slack/web-api/dist/types/response/ConversationsInfoResponse' {
  interface Channel {
    user?: `U${string}`; // of a direct conversation
  }
}
declare module '@slack/web-api/dist/types/response/ConversationsRepliesResponse' {
  interface MessageElement {
    subtype?: 'thread_broadcast';
  }
}
