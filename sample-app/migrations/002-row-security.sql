-- After its migrations the app works as this role: it owns no table, may do what the app does and no more, and the rows of
-- `messages` are filtered for it. A server may have made the role before, and given it to the user of DATABASE_URL.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'chat_app') THEN
    CREATE ROLE chat_app NOLOGIN NOSUPERUSER NOBYPASSRLS;
  END IF;
  IF NOT pg_has_role(current_user, 'chat_app', 'MEMBER') THEN
    GRANT chat_app TO CURRENT_USER;
  END IF;
END
$$;

GRANT SELECT, INSERT, UPDATE ON users TO chat_app;
GRANT SELECT, INSERT, DELETE ON sessions, memberships TO chat_app;
GRANT SELECT, INSERT ON rooms, messages TO chat_app;

-- Whose rows a transaction works with. Without a setting, or after one (an empty text is left then), it is nobody.
CREATE FUNCTION chat_member() RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT NULLIF(current_setting('chat.member_id', true), '')::uuid
$$;

-- FORCE: also for the owner of the table. Only a superuser, or a role with BYPASSRLS, sees more.
ALTER TABLE messages ENABLE ROW LEVEL SECURITY;
ALTER TABLE messages FORCE ROW LEVEL SECURITY;
CREATE POLICY messages_of_the_rooms_of_a_member ON messages
  USING (room_id IN (SELECT room_id FROM memberships WHERE user_id = chat_member()))
  WITH CHECK (
    author_id = chat_member()
    AND room_id IN (SELECT room_id FROM memberships WHERE user_id = chat_member())
  );
