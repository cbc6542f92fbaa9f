CREATE TABLE users (
  id            uuid        PRIMARY KEY,
  username      text        NOT NULL UNIQUE CHECK (username ~ '^[a-z0-9-]{2,32}$'),
  display_name  text        NOT NULL,
  password_hash text        NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now()
);

-- Only the SHA-256 of a session cookie is stored: who reads this table cannot log in with it.
CREATE TABLE sessions (
  id         uuid        PRIMARY KEY,
  token_hash text        NOT NULL UNIQUE,
  user_id    uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE rooms (
  id       text    PRIMARY KEY CHECK (id ~ '^[a-z0-9-]{1,32}$'),
  name     text    NOT NULL,
  topic    text    NOT NULL DEFAULT '',
  position integer NOT NULL DEFAULT 0
);

CREATE TABLE memberships (
  room_id text NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  PRIMARY KEY (room_id, user_id)
);
CREATE INDEX memberships_by_user ON memberships (user_id);

CREATE TABLE messages (
  id        integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  room_id   text        NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  author_id uuid        NOT NULL REFERENCES users (id),
  text      text        NOT NULL CHECK (char_length(text) BETWEEN 1 AND 2000),
  sent_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX messages_by_room ON messages (room_id, id DESC);
