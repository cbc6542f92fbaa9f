-- What an account may do besides chatting: 'admin' opens the operations page.
ALTER TABLE users ADD COLUMN roles text[] NOT NULL DEFAULT '{}';
