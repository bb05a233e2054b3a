/* The program that fork+exec starts: it ends at once. */
int main(void)
{
    return 0;
}
