-- What a validator tells contestants, and what a submission and an interactive validator said to each other.

ALTER TABLE case_results
    ADD COLUMN team_message text,
    ADD COLUMN transcript text;
