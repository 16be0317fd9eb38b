/** Searching everything that a user ever said, on the device and without a network. */
export { findIn, fold, foldQuery, foldText } from './fold.ts';
export type { Folded, TextRange } from './fold.ts';
export { SearchIndex } from './searchIndex.ts';
export type { SearchFacets, SearchHit, SearchResult } from './searchIndex.ts';
export type { SearchFilter } from './matches.ts';
export { deleteSearchStore, indexedDbSearchStore } from './searchStore.ts';
export type { Home, IndexedConversation, IndexedSentence, SearchStore, StoredBlock } from './searchStore.ts';
export type { BlockData, ConversationMarks } from './block.ts';
export { firestoreSource } from './firestoreSource.ts';
export { syncSearchIndex } from './sync.ts';
export type { FoundDocument, SearchSource, SearchSyncOptions } from './sync.ts';
